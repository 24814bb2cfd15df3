// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <ostream>

#include "project/commands/commands.h"

namespace quern::internal {

Command version_command() {
  return {
      .name = "version", .summary = "Print Quern's version.", .run = [](CommandContext& context) {
        context.console.out << QUERN_VERSION << '\n';
        return ExitCode::kOk;
      }};
}

}  // namespace quern::internal
