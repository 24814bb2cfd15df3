// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Asking the person at the terminal.
#ifndef QUERN_PROJECT_QUESTION_H_
#define QUERN_PROJECT_QUESTION_H_

#include <string>

#include "quern/project/command.h"

namespace quern::internal {

// The line that is typed, without blanks around it. Throws Error(Interrupted) at the end of input.
std::string ask(Console& console, const std::string& question);

}  // namespace quern::internal

#endif  // QUERN_PROJECT_QUESTION_H_
