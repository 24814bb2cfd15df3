// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/command/run_context.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "base/testing/error_of.h"
#include "command/observation.h"
#include "command/recording_runner.h"

namespace quern {
namespace {

TEST(RunContext, ACommandThatWasCalledOffIsNotRun) {
  RecordingRunner runner;
  std::stop_source source;
  const RunContext context{.cancellation = source.get_token()};
  const bson::Document ping = bson::doc("ping", 1);
  runner.run("db", ping, context);
  source.request_stop();
  try {
    runner.run("db", ping, context);
    FAIL() << "it ran";
  } catch (const Error& error) {
    EXPECT_TRUE(error.is(ErrorCode::kInterrupted));
  }
  EXPECT_EQ(runner.call_count(), 1u);
}

class Watch : public CommandObserver {
 public:
  void started(const RunContext& context, std::string_view, bson::View command) override {
    seen.push_back(std::string(context.identity) + " " + std::string(command.front().key()));
  }
  void finished(const RunContext&, std::string_view, bson::View, bson::View reply) override {
    seen.push_back(reply.empty() ? "none" : std::string(reply.front().key()));
  }
  std::vector<std::string> seen;
};

// An observer that breaks its promise takes nobody's answer away.
TEST(RunContext, WhatAnObserverThrowsIsDropped) {
  class Thrower : public CommandObserver {
   public:
    void started(const RunContext&, std::string_view, bson::View) override {
      throw std::runtime_error("started");
    }
    void finished(const RunContext&, std::string_view, bson::View, bson::View) override {
      ++told;
      throw std::runtime_error("finished");
    }
    int told = 0;
  };
  Thrower thrower;
  const RunContext context{.observer = &thrower};
  const bson::Document ping = bson::doc("ping", 1);
  const Reply reply = observed(context, "db", ping, [] { return Reply(bson::doc("ok", 1.0)); });
  EXPECT_TRUE(reply["ok"].truthy());
  EXPECT_EQ(thrower.told, 1);
}

TEST(RunContext, AnObserverIsToldOfTheCommandAndOfItsReplyOrThatThereIsNone) {
  Watch watch;
  const RunContext context{.identity = "ann", .observer = &watch};
  const bson::Document ping = bson::doc("ping", 1);
  observed(context, "db", ping, [] { return Reply(bson::doc("ok", 1)); });
  EXPECT_THROW(
      observed(context, "db", ping, []() -> Reply { throw Error(ErrorCode::kBadValue, ""); }),
      Error);
  EXPECT_EQ(watch.seen, (std::vector<std::string>{"ann ping", "ok", "ann ping", "none"}));
}

}  // namespace
}  // namespace quern
