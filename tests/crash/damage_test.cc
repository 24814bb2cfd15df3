// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The files of a database are damaged: one bit of one of them is flipped, or it is cut, or it is
// gone. Then there is an error, when the database is opened or when it is read, or all that was
// acknowledged is there; never is something missing without a word. Once the loss was accepted, what
// is left agrees with itself.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "crash/expectation.h"
#include "crash/worker.h"
#include "engine/engine_runner.h"
#include "quern/bson/json.h"
#include "quern/command/reply.h"
#include "quern/testing/temporary_folder.h"
#include "storage/rocks_store.h"

namespace quern::crash {
namespace {

namespace fs = std::filesystem;
using bson::array;
using bson::doc;

// Every kind of file that a database consists of.
constexpr const char* kKinds[] = {"\\d+\\.log",   "\\d+\\.sst", "MANIFEST-\\d+", "CURRENT",
                                  "OPTIONS-\\d+", "IDENTITY",   "ACKNOWLEDGED",  "LOCK"};

class Damage {
 public:
  Damage(const fs::path& directory, std::mt19937& random) {
    std::vector<fs::path> files;
    while (files.empty()) {
      const std::regex kind(kKinds[random() % std::size(kKinds)]);
      for (const auto& entry : fs::directory_iterator(directory)) {
        if (std::regex_match(entry.path().filename().string(), kind)) files.push_back(entry);
      }
    }
    std::sort(files.begin(), files.end());
    const fs::path file = files[random() % files.size()];
    const std::uintmax_t size = fs::file_size(file);
    text_ = file.filename().string();
    switch (size == 0 ? 2 : random() % 3) {
      case 0:
        flip(file, random() % (8 * size));
        break;
      case 1:
        fs::resize_file(file, random() % size);
        text_ += " cut to " + std::to_string(fs::file_size(file)) + " of " + std::to_string(size);
        break;
      default:
        fs::remove(file);
        text_ += " removed";
    }
  }
  const std::string& text() const { return text_; }

 private:
  void flip(const fs::path& path, std::uintmax_t bit) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(bit / 8));
    const int byte = file.get() ^ (1 << (bit % 8));
    file.seekp(static_cast<std::streamoff>(bit / 8));
    file.put(static_cast<char>(byte));
    text_ += " with bit " + std::to_string(bit) + " flipped";
  }

  std::string text_;
};

std::map<std::string, std::string> documents(CommandRunner& runner, const bson::Document& hint) {
  std::map<std::string, std::string> found;
  for_each(runner, "clinic",
           doc("find", "plain", "filter", doc("value", doc("$gte", 0)), "hint", hint),
           [&](bson::View document) {
             found[std::string(document["_id"].as_string())] =
                 std::to_string(document["value"].as_int32());
             return true;
           });
  return found;
}

class DamagedDatabase : public ::testing::Test {
 protected:
  static engine::EngineOptions options(const fs::path& directory) {
    return {.directory = directory, .write_buffer_bytes = 64 << 10};
  }
  DamagedDatabase() {
    engine::EngineRunner runner(options(whole));
    run_checked(runner, "clinic",
                doc("createIndexes", "plain", "indexes",
                    array(doc("name", "unique", "key", doc("unique", 1), "unique", true),
                          doc("name", "tags", "key", doc("tags", -1)))));
  }

  // Another load, killed; the database is as the kill has left it.
  void kill_a_load() {
    Worker worker(whole, ++seed_, "small");
    expectation.read(worker.kill_after(std::chrono::microseconds(random() % 400'000)));
    ASSERT_TRUE(worker.was_killed()) << "the worker ended by itself";
  }
  // As it is after somebody opened and closed it.
  void close_cleanly() {
    engine::EngineRunner runner(options(whole));
    expectation.check(documents(runner, doc("$natural", 1)));
  }

  // Damages a copy and uses it.
  void damage_and_look() {
    fs::remove_all(copy_);
    fs::copy(whole, copy_, fs::copy_options::recursive);
    const Damage damage(copy_, random);
    SCOPED_TRACE(damage.text());
    std::string outcome = "error when opened";
    try {
      engine::EngineRunner runner(options(copy_));
      outcome = "error when read";
      const auto all = documents(runner, doc("$natural", 1));
      const auto by_unique = documents(runner, doc("unique", 1));
      const auto by_tags = documents(runner, doc("tags", -1));
      outcome = "nothing is missing";
      Expectation(expectation).check(all);
      EXPECT_EQ(by_unique, all);
      EXPECT_EQ(by_tags, all);
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("database"), std::string::npos) << error.what();
      messages_.insert(error.what());
    }
    ++outcomes_[outcome];
    repair_and_look();
  }
  // Told to accept the loss, what is left can be opened, and agrees with itself.
  void repair_and_look() {
    try {
      engine::EngineRunner::repair(options(copy_), true);
    } catch (const DatabaseError& error) {
      EXPECT_NE(std::string(error.what()).find("beyond repair"), std::string::npos) << error.what();
      ++outcomes_["beyond repair"];
      messages_.insert(error.what());
      return;
    }
    engine::EngineRunner runner(options(copy_));
    for (const char* database : {"clinic", "lost_and_found"}) {
      std::vector<std::string> names;
      for_each(runner, database, doc("listCollections", 1), [&](bson::View info) {
        names.emplace_back(info["name"].as_string());
        return true;
      });
      for (const std::string& name : names) {
        const auto reply = run_checked(runner, database, doc("validate", name, "full", true));
        EXPECT_TRUE(reply["valid"].truthy()) << bson::to_json(reply);
      }
    }
  }
  void report() {
    for (const auto& [outcome, count] : outcomes_) {
      std::cout << outcome << ": " << count << '\n';
      RecordProperty(outcome.substr(0, outcome.find(' ')), count);
    }
    if (std::getenv("QUERN_DAMAGE_MESSAGES") != nullptr) {
      for (const std::string& message : messages_) std::cout << message << '\n';
    }
  }

  static int damages() { return rounds("QUERN_DAMAGE_ROUNDS", 30, 8); }

  testing::TemporaryFolder folder_;
  const fs::path whole = folder_.path() / "whole";
  std::mt19937 random{2028};
  Expectation expectation;

 private:
  const fs::path copy_ = folder_.path() / "copy";
  int seed_ = 0;
  std::map<std::string, int> outcomes_;
  std::set<std::string> messages_;
};

constexpr int kDamagesOfOneLoad = 10;

TEST_F(DamagedDatabase, IsNeverSilentAfterAKill) {
  for (int i = 0; i < damages() && !HasFailure(); ++i) {
    if (i % kDamagesOfOneLoad == 0) {
      close_cleanly();
      kill_a_load();
    }
    damage_and_look();
  }
  report();
}

TEST_F(DamagedDatabase, IsNeverSilentAfterItWasClosed) {
  for (int i = 0; i < damages() && !HasFailure(); ++i) {
    if (i % kDamagesOfOneLoad == 0) {
      kill_a_load();
      close_cleanly();
    }
    damage_and_look();
  }
  report();
}

}  // namespace
}  // namespace quern::crash
