// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The management commands of a project, as a program of its own:
//
//   int main(int argc, char** argv) { return quern::manage(make_project, argc, argv); }
#ifndef QUERN_PROJECT_MANAGE_H_
#define QUERN_PROJECT_MANAGE_H_

#include <functional>

#include "quern/base/export.h"
#include "quern/project/exit_code.h"
#include "quern/project/project.h"

namespace quern {

// Runs the command that the arguments name (no command: help) and returns an ExitCode's number. All
// errors end here: as text on standard error, never as an exception.
QUERN_EXPORT int manage(Project& project, int argc, const char* const* argv);
QUERN_EXPORT int manage(Project& project, int argc, const char* const* argv, Console console);

// The same, for a project that is built first: what building it throws is reported the same way.
// Commands that need no project (help, version, generatelocalkey) run nevertheless.
QUERN_EXPORT int manage(const std::function<Project()>& make_project, int argc,
                        const char* const* argv);
QUERN_EXPORT int manage(const std::function<Project()>& make_project, int argc,
                        const char* const* argv, Console console);

}  // namespace quern

#endif  // QUERN_PROJECT_MANAGE_H_
