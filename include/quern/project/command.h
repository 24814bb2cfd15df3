// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A command of the manage binary: the built-in ones are made of this, and a project registers its
// own the same way:
//
//   project.command({.name = "count", .summary = "Count patients.",
//                    .run = [](quern::CommandContext& context) {
//                      context.console.out << context.project.objects<Patient>().count() << '\n';
//                      return quern::ExitCode::kOk;
//                    }});
#ifndef QUERN_PROJECT_COMMAND_H_
#define QUERN_PROJECT_COMMAND_H_

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quern/base/error.h"
#include "quern/base/export.h"
#include "quern/project/exit_code.h"

namespace quern {

class Project;

// What the command line got wrong. A command that throws it ends with ExitCode::kUsage.
class QUERN_EXPORT UsageError : public Error {
 public:
  explicit UsageError(const std::string& message) : Error(ErrorCode::kBadValue, message) {}
};

struct CommandOption {
  std::string name;  // "--count", or without dashes for an argument by position
  std::string help;
  std::string value = {};     // what its value is called in the help: "N"; empty: a flag
  std::string fallback = {};  // the value when it is not given
  bool required = false;
  // By position: takes any number of values (the last argument only). With dashes: may be given
  // several times, with one value each.
  bool many = false;
};

// What was given for a command's options, by their names without dashes.
class QUERN_EXPORT Arguments {
 public:
  bool has(std::string_view name) const;  // given on the command line
  // The value, or the option's fallback.
  const std::string& text(std::string_view name) const;
  // Throws UsageError unless it is a whole number.
  std::int64_t number(std::string_view name) const;
  const std::vector<std::string>& all(std::string_view name) const;

  void set(std::string name, std::vector<std::string> values, bool given);

 private:
  struct Given {
    std::vector<std::string> values;
    bool given = false;
  };
  const Given& find(std::string_view name) const;
  std::map<std::string, Given, std::less<>> values_;
};

// Where a command reads and writes.
struct QUERN_EXPORT Console {
  std::ostream& out;
  std::ostream& err;
  std::istream& in;
  bool out_is_terminal = false;
  bool in_is_terminal = false;
  // Terminals that show colours, and nobody has set NO_COLOR.
  bool out_has_colours = false;
  bool err_has_colours = false;

  static Console standard();
};

struct CommandContext {
  Project& project;
  const Arguments& arguments;
  Console& console;
  std::string program;  // the binary's name, for messages
};

struct Command {
  std::string name;
  std::string summary;
  std::vector<CommandOption> options = {};
  std::vector<std::string> examples = {};  // command lines without the program's name
  std::function<ExitCode(CommandContext&)> run;
};

}  // namespace quern

#endif  // QUERN_PROJECT_COMMAND_H_
