// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// For tests: a runner that keeps every command it is given and answers through a function.
#ifndef QUERN_COMMAND_RECORDING_RUNNER_H_
#define QUERN_COMMAND_RECORDING_RUNNER_H_

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "quern/command/command_runner.h"

namespace quern {

// Thread-safe if answer is. With another runner's run() as answer it records what passes through.
class RecordingRunner : public CommandRunner {
 public:
  struct Call {
    std::string database;
    bson::Document command;
    RunContext context;  // but for its schemas, which it borrows
    bson::Document expected_schemas;

    std::string_view name() const { return command.view().front().key(); }
  };
  using Answer = std::function<Reply(std::string_view database, bson::View command)>;

  // The default answers {ok: 1} to everything.
  explicit RecordingRunner(Answer answer = [](std::string_view,
                                              bson::View) { return bson::doc("ok", 1.0); })
      : answer_(std::move(answer)) {}

  Reply do_run(std::string_view database, bson::View command, const RunContext& context) override {
    {
      const std::scoped_lock lock(mutex_);
      calls_.push_back({std::string(database), bson::Document(command), context,
                        bson::Document(context.expected_schemas)});
      calls_.back().context.expected_schemas = {};
    }
    return answer_(database, command);
  }

  bool heeds_expected_schemas() const override { return heeds_schemas; }
  bool heeds_schemas = true;

  void set_answer(Answer answer) { answer_ = std::move(answer); }
  const Answer& answer() const { return answer_; }
  std::vector<Call> take_calls() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(calls_, {});
  }
  std::size_t call_count() const {
    const std::scoped_lock lock(mutex_);
    return calls_.size();
  }

 private:
  mutable std::mutex mutex_;
  Answer answer_;
  std::vector<Call> calls_;
};

}  // namespace quern

#endif  // QUERN_COMMAND_RECORDING_RUNNER_H_
