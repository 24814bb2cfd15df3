// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What manage -v shows: every command as it goes to the database, with its namespace, its time and
// its outcome. No value of it.
#ifndef QUERN_PROJECT_COMMAND_LOG_H_
#define QUERN_PROJECT_COMMAND_LOG_H_

#include <functional>
#include <memory>
#include <string>

#include "quern/command/command_runner.h"

namespace quern::internal {

// Thread-safe if the sink is.
class CommandLog : public CommandRunner {
 public:
  using Sink = std::function<void(const std::string& line)>;

  CommandLog(std::shared_ptr<CommandRunner> inner, Sink sink)
      : inner_(std::move(inner)), sink_(std::move(sink)) {}

  bool heeds_expected_schemas() const override { return inner_->heeds_expected_schemas(); }

 protected:
  Reply do_run(std::string_view database, bson::View command, const RunContext& context) override;

 private:
  const std::shared_ptr<CommandRunner> inner_;
  const Sink sink_;
};

}  // namespace quern::internal

#endif  // QUERN_PROJECT_COMMAND_LOG_H_
