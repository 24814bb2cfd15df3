// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The clinic's own commands, beside the built-in ones.
#ifndef EXAMPLES_CLINIC_COMMANDS_H_
#define EXAMPLES_CLINIC_COMMANDS_H_

#include <vector>

#include "quern/project/command.h"

namespace clinic {

std::vector<quern::Command> commands();

}  // namespace clinic

#endif  // EXAMPLES_CLINIC_COMMANDS_H_
