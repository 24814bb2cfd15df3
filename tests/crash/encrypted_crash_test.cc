// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A process that writes to an encrypted collection is killed at random moments, again and again on
// the same files. Afterwards every acknowledged write is there, none is half there, and documents,
// tags, index entries and state collections agree.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "crash/expectation.h"
#include "crash/load.h"
#include "crash/retry_load.h"
#include "crash/worker.h"
#include "crypto/testing/payloads.h"
#include "engine/qe/consistency.h"
#include "engine/session/engine.h"
#include "engine/session/operation.h"
#include "product/clinic_fixture.h"

namespace quern::crash {
namespace {

using bson::doc;
using bson::Document;
using ::testing::IsEmpty;

class EncryptedCrashTest : public ::testing::Test {
 protected:
  EncryptedCrashTest() {
    product::Stack stack(directory_.path());
    client::create_encrypted_collection(stack.encrypting, stack.vault, people(), people_fields());
  }

  static std::map<std::string, std::string> documents(product::Stack& stack,
                                                      const Document& filter) {
    std::map<std::string, std::string> found;
    for_each_decrypted(stack.encrypting, "clinic", doc("find", "people", "filter", filter),
                       [&](const DecryptedView& document) {
                         const std::string_view ssn = document["ssn"].plaintext().as_string();
                         const auto code = document.at_path("record.code").plaintext().as_int32();
                         found[std::string(document["_id"].raw().as_string())] =
                             std::string(ssn.substr(ssn.find('-') + 1)) + " " +
                             std::to_string(code);
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
    auto report = engine::qe::check_consistency(op, people(), payloads);
    if (report.stale_tags != 0) report.faults.push_back("there are tags without a value");
    return report.faults;
  }

  testing::TemporaryFolder directory_;
};

TEST_F(EncryptedCrashTest, NothingAcknowledgedIsLostAndNothingIsHalfThere) {
  std::mt19937 random(2026);
  Expectation expectation;
  for (int kill = 0; kill < kills(); ++kill) {
    SCOPED_TRACE(kill);
    Worker worker(directory_.path(), kill, "encrypted");
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
  EXPECT_GT(expectation.acknowledged(), static_cast<std::size_t>(kills()));
}

// The number of each thread's last command, and its reply if it came.
struct Last {
  int number = 0;
  std::string reply;
};

std::map<int, Last> last_commands(const std::string& journal,
                                  std::map<int, std::vector<int>>& sent) {
  std::map<int, Last> last;
  std::istringstream lines(journal);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string kind;
    int thread = 0;
    int number = 0;
    words >> kind >> thread >> number >> std::ws;
    if (kind == "?") {
      sent[thread].push_back(number);
      last[thread] = {number, ""};
    } else {
      std::getline(words, last[thread].reply);
    }
  }
  return last;
}

// All commands of all workers happened once each.
void check_happened_once(product::Stack& stack, int thread, const std::vector<int>& sent) {
  const auto count = [&](const Document& query) {
    return run_checked(stack.engine, "clinic", doc("count", "people", "query", query))["n"]
        .whole_number();
  };
  int increments = 0;
  for (const int number : sent) {
    const RetryKind kind = retry_kind(number);
    increments += kind == RetryKind::kUpdate || kind == RetryKind::kFindAndModify ? 1 : 0;
    if (kind != RetryKind::kInsert) continue;
    const int left = std::ranges::count(sent, number + 3) == 0 ? 3 : 2;
    EXPECT_EQ(count(doc("thread", thread, "number", number)), left) << thread << " " << number;
  }
  EXPECT_EQ(count(doc("_id", counter_id(thread), "n", increments)), increments > 0 ? 1 : 0)
      << thread;
}

TEST_F(EncryptedCrashTest, WritesThatAreSentAgainHappenOnce) {
  std::mt19937 random(2028);
  std::map<int, std::vector<int>> sent;
  for (int kill = 0; kill < kills(); ++kill) {
    SCOPED_TRACE(kill);
    Worker worker(directory_.path(), kill, "retry");
    const auto last =
        last_commands(worker.kill_after(std::chrono::microseconds(random() % 100'000)), sent);
    ASSERT_TRUE(worker.was_killed()) << "the worker ended by itself";

    product::Stack stack(directory_.path());
    for (const auto& [thread, command] : last) {
      const Document again = retry_command(thread, command.number);
      const std::string reply = reply_text(run_checked(stack.encrypting, "clinic", again));
      if (!command.reply.empty()) {
        EXPECT_EQ(reply, command.reply) << thread;
      }
      EXPECT_EQ(reply_text(run_checked(stack.encrypting, "clinic", again)), reply) << thread;
    }
    for (const auto& [thread, numbers] : sent) check_happened_once(stack, thread, numbers);
    EXPECT_THAT(faults(stack), IsEmpty());
    ASSERT_FALSE(HasFailure());
  }
  std::size_t commands = 0;
  for (const auto& [thread, numbers] : sent) commands += numbers.size();
  EXPECT_GT(commands, static_cast<std::size_t>(kills()));
}

}  // namespace
}  // namespace quern::crash
