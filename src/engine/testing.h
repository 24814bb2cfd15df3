// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// For tests: an engine that speaks JSON, and a clock that tests move.
#ifndef QUERN_ENGINE_TESTING_H_
#define QUERN_ENGINE_TESTING_H_

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "engine/engine_runner.h"
#include "engine/session/engine.h"
#include "quern/base/uuid.h"
#include "quern/bson/document.h"

namespace quern::engine {

class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class ManualClock : public Clock {
 public:
  std::chrono::steady_clock::time_point now() override { return now_; }
  std::chrono::sys_time<std::chrono::milliseconds> wall_now() override {
    return std::chrono::sys_time<std::chrono::milliseconds>(wall_now_.load());
  }
  void advance_wall(std::chrono::milliseconds by) { wall_now_ = wall_now_.load() + by; }
  void advance(std::chrono::milliseconds by) { now_ = now_.load() + by; }

 private:
  std::atomic<std::chrono::steady_clock::time_point> now_{};
  std::atomic<std::chrono::milliseconds> wall_now_{std::chrono::milliseconds(1'600'000'000'000)};
};

class TestEngine {
 public:
  // In memory if the directory is empty.
  explicit TestEngine(const std::filesystem::path& directory = {});
  explicit TestEngine(EngineOptions options) : runner_(std::move(options)) {}
  explicit TestEngine(std::unique_ptr<storage::Store> store) : runner_(std::move(store), {}) {}

  // On the database "test" unless the command says "$db". run throws what the reply reports.
  bson::Document run(std::string_view json);
  bson::Document run_raw(std::string_view json);
  bson::Document run_raw(bson::View command);
  // The code of the reply's error, or of its first writeError; 0 when there is none.
  int code_of(std::string_view json);
  // All documents that find returns, over all batches. more: further members, as ", \"sort\": {…}".
  std::vector<bson::Document> find(std::string_view collection, std::string_view filter = "{}",
                                   std::string_view more = "");
  std::vector<bson::Document> documents(std::string_view cursor_command);
  // The stage at the bottom of the winning plan: COLLSCAN, IXSCAN, EOF, ….
  std::string winning_stage(std::string_view collection, std::string_view filter,
                            std::string_view more = "");

  EngineRunner& runner() { return runner_; }
  Engine& engine() { return runner_.engine(); }

 private:
  EngineRunner runner_;
};

// A client's session: its statements belong to one transaction until start() begins another.
class TestSession {
 public:
  explicit TestSession(TestEngine& engine) : engine_(engine), id_(Uuid::random()) {}
  // Another user of the same session, who starts the transaction of that number.
  TestSession at(std::int64_t number) const;

  // The next statement of the current transaction, or the first of a new one. run throws what the
  // reply reports.
  bson::Document run(std::string_view json);
  bson::Document run_raw(std::string_view json);
  std::size_t count(std::string_view filter);  // in the collection "c"
  void start();
  bson::Document commit() { return finish("commitTransaction"); }
  bson::Document abort() { return finish("abortTransaction"); }
  void end_session() const;

 private:
  bson::Document finish(std::string_view command);

  TestEngine& engine_;
  Uuid id_;
  std::int64_t number_ = 1;
  bool started_ = false;
};

std::string json_of(const std::vector<bson::Document>& documents);
// The same document or array of documents, formatted as json_of and to_json do.
std::string normalised(std::string_view json);

#define EXPECT_REPLY(reply, json) \
  EXPECT_EQ(::quern::bson::to_json(reply), ::quern::engine::normalised(json))
#define EXPECT_DOCUMENTS(list, json) \
  EXPECT_EQ(::quern::engine::json_of(list), ::quern::engine::normalised(json))

}  // namespace quern::engine

#endif  // QUERN_ENGINE_TESTING_H_
