// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Runs commands as the project does: encrypting where the alias encrypts, and with its explanations
// of errors.
#ifndef QUERN_PROJECT_PROJECT_RUNNER_H_
#define QUERN_PROJECT_PROJECT_RUNNER_H_

#include "project/project_core.h"
#include "quern/command/command_runner.h"

namespace quern::internal {

// Borrows both.
class ProjectRunner : public CommandRunner {
 public:
  ProjectRunner(ProjectCore& project, const Target& target) : project_(project), target_(target) {}

 protected:
  Reply do_run(std::string_view, bson::View command, const RunContext&) override {
    return project_.execute(target_, command);
  }

 private:
  ProjectCore& project_;
  const Target& target_;
};

}  // namespace quern::internal

#endif  // QUERN_PROJECT_PROJECT_RUNNER_H_
