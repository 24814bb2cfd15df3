// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A process that writes to an encrypted collection is killed at random moments, again and again on
// the same files. Afterwards every acknowledged write is there, none is half there, and documents,
// tags, index entries and state collections agree.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "crash/load.h"
#include "crypto/encrypt.h"
#include "engine/engine.h"
#include "engine/operation.h"
#include "engine/qe/consistency.h"
#include "product/clinic_fixture.h"

extern char** environ;

namespace quern::crash {
namespace {

using bson::doc;
using bson::Document;
using ::testing::IsEmpty;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kKills = 8;
#else
constexpr int kKills = 50;
#endif

// The worker with the read end of its journal.
class Worker {
 public:
  Worker(const std::string& directory, int seed) {
    std::array<int, 2> ends;
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    const std::string seed_text = std::to_string(seed);
    std::array<char*, 4> arguments = {const_cast<char*>(CRASH_WORKER),
                                      const_cast<char*>(directory.c_str()),
                                      const_cast<char*>(seed_text.c_str()), nullptr};
    const int failure =
        ::posix_spawn(&process_, CRASH_WORKER, &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    if (failure != 0) throw std::runtime_error("the worker does not start");
    journal_ = ends[0];
  }

  // Everything that it wrote until it was killed, that long after its first line.
  std::string kill_after(std::chrono::microseconds delay) {
    std::string text;
    std::thread killer;
    std::array<char, 4096> buffer;
    for (ssize_t size; (size = ::read(journal_, buffer.data(), buffer.size())) > 0;) {
      text.append(buffer.data(), static_cast<std::size_t>(size));
      if (!killer.joinable()) {
        killer = std::thread([this, delay] {
          std::this_thread::sleep_for(delay);
          ::kill(process_, SIGKILL);
        });
      }
    }
    if (killer.joinable()) killer.join();
    ::close(journal_);
    ::waitpid(process_, &status_, 0);
    return text;
  }
  bool was_killed() const { return WIFSIGNALED(status_) && WTERMSIG(status_) == SIGKILL; }

 private:
  pid_t process_ = 0;
  int journal_ = -1;
  int status_ = 0;
};

// What the journals say must be there.
class Expectation {
 public:
  using State = std::string;  // "ssn code", or "-"

  void read(const std::string& journal) {
    pending_.clear();
    std::istringstream lines(journal);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string kind;
      int thread = 0;
      words >> kind >> thread;
      if (kind == "!") {
        acknowledge(thread);
        continue;
      }
      std::string id;
      std::string first;
      std::string second;
      words >> id >> first >> second;
      pending_[thread].emplace_back(id, second.empty() ? first : first + " " + second);
    }
  }

  // Compares with what is there, and takes over how the unacknowledged writes ended.
  void check(const std::map<std::string, State>& present) {
    for (const auto& [thread, writes] : pending_) {
      std::set<bool> happened;
      for (const auto& [id, state] : writes) {
        if (at(certain_, id) == state) continue;  // makes no difference
        const bool is_new = at(present, id) == state;
        EXPECT_TRUE(is_new || at(present, id) == at(certain_, id)) << id << " is half written";
        happened.insert(is_new);
        if (is_new) certain_[id] = state;
      }
      EXPECT_LE(happened.size(), 1u) << "half of a transaction of thread " << thread;
    }
    for (const auto& [id, state] : certain_) {
      EXPECT_EQ(at(present, id), state) << "an acknowledged write of " << id << " is lost";
    }
    for (const auto& [id, state] : present) {
      EXPECT_EQ(at(certain_, id), state) << id << " was never written";
    }
    pending_.clear();
  }

  std::size_t acknowledged() const { return acknowledged_; }

 private:
  static State at(const std::map<std::string, State>& states, const std::string& id) {
    const auto found = states.find(id);
    return found == states.end() ? "-" : found->second;
  }
  void acknowledge(int thread) {
    for (const auto& [id, state] : pending_[thread]) certain_[id] = state;
    pending_.erase(thread);
    ++acknowledged_;
  }

  std::map<std::string, State> certain_;
  std::map<int, std::vector<std::pair<std::string, State>>> pending_;
  std::size_t acknowledged_ = 0;
};

class EncryptedCrashTest : public ::testing::Test {
 protected:
  EncryptedCrashTest() {
    product::Stack stack(directory_.path());
    client::create_encrypted_collection(stack.encrypting, stack.vault, people(), people_fields());
  }

  static std::map<std::string, std::string> documents(product::Stack& stack,
                                                      const Document& filter) {
    std::map<std::string, std::string> found;
    for_each(stack.encrypting, "clinic", doc("find", "people", "filter", filter),
             [&](bson::View document) {
               const std::string_view ssn = document["ssn"].as_string();
               const auto code = document.at_path("record.code").as_int32();
               found[std::string(document["_id"].as_string())] =
                   std::string(ssn.substr(ssn.find('-') + 1)) + " " + std::to_string(code);
               return true;
             });
    return found;
  }

  // Every document is found by each of its values, and nothing else is.
  static void check_queries(product::Stack& stack,
                            const std::map<std::string, std::string>& present) {
    for (int value = 0; value < kValues; ++value) {
      std::map<std::string, std::string> by_ssn;
      std::map<std::string, std::string> by_code;
      for (const auto& entry : present) {
        const std::string text = std::to_string(value);
        if (entry.second.starts_with(text + " ")) by_ssn.insert(entry);
        if (entry.second.ends_with(" " + text)) by_code.insert(entry);
      }
      EXPECT_EQ(documents(stack, doc("ssn", ssn(value))), by_ssn);
      EXPECT_EQ(documents(stack, doc("record.code", value)), by_code);
    }
  }

  static std::vector<std::string> faults(product::Stack& stack) {
    const Document collections =
        run_checked(stack.engine, "clinic",
                    doc("listCollections", 1, "filter", doc("name", people().collection)));
    const auto key = [&](const char* field) {
      const std::string path =
          std::string("cursor.firstBatch.0.options.encryptedFields.fields.") + field + ".keyId";
      return stack.cache.resolve(collections.view().at_path(path).as_uuid());
    };
    std::vector<Bytes> payloads;
    for (int value = 0; value < kValues; ++value) {
      payloads.push_back(crypto::find_equality_payload(*key("0"), bson::Value::of(ssn(value)), 0));
      payloads.push_back(crypto::find_equality_payload(*key("1"), bson::Value::of(value), 4));
    }
    const Document command = doc("check", 1);
    engine::Operation op(stack.engine.engine(), people().database, command);
    return engine::qe::check_consistency(op, people(), payloads);
  }

  product::TemporaryDirectory directory_;
};

TEST_F(EncryptedCrashTest, NothingAcknowledgedIsLostAndNothingIsHalfThere) {
  std::mt19937 random(2026);
  Expectation expectation;
  for (int kill = 0; kill < kKills; ++kill) {
    SCOPED_TRACE(kill);
    Worker worker(directory_.path(), kill);
    expectation.read(worker.kill_after(std::chrono::microseconds(random() % 200'000)));
    ASSERT_TRUE(worker.was_killed()) << "the worker ended by itself";

    product::Stack stack(directory_.path());
    const auto present = documents(stack, doc());
    expectation.check(present);
    check_queries(stack, present);
    EXPECT_THAT(faults(stack), IsEmpty());
    ASSERT_FALSE(HasFailure());
  }
  RecordProperty("acknowledged_writes", static_cast<int>(expectation.acknowledged()));
  EXPECT_GT(expectation.acknowledged(), static_cast<std::size_t>(kKills));
}

}  // namespace
}  // namespace quern::crash
