// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/project/manage.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>

#include "base/nearest.h"
#include "base/shown.h"
#include "migrations/migration_error.h"
#include "project/commands/commands.h"
#include "project/paint.h"
#include "project/project_core.h"
#include "quern/base/error.h"
#include "quern/models/errors.h"
#include "quern/models/validation_error.h"

namespace quern {
namespace {

using internal::all_commands;
using internal::builtin_commands;
using internal::Paint;
using internal::painted;

std::string bare(std::string_view option) {
  return std::string(option.substr(std::min(option.find_first_not_of('-'), option.size())));
}

const Command& find_command(const Project& project, const std::string& name) {
  std::vector<std::string> names = {"help"};
  for (const Command* command : all_commands(project)) {
    if (command->name == name) return *command;
    names.push_back(command->name);
  }
  const auto hint = nearest(name, names);
  throw UsageError(fmt::format("Unknown command: '{}'.{}", name,
                               hint ? fmt::format(" Did you mean {}?", *hint) : ""));
}

// Declares a command's options to CLI11 and collects what it parsed.
class OptionParser {
 public:
  OptionParser(const Command& command, const std::string& program)
      : command_(command), app_(command.summary, program + " " + command.name) {
    app_.set_help_flag("-h,--help", "Show this help and exit.");
    app_.add_flag("-v,--verbose", verbose_,
                  "Show every command that goes to a database, and how long it took.");
    app_.allow_extras();  // refuse_extras() says more about them
    for (const CommandOption& option : command.options) declare(option);
    if (!command.examples.empty()) {
      std::string text = "Examples:";
      for (const std::string& example : command.examples) {
        text += fmt::format("\n  {} {}", program, example);
      }
      app_.footer(text);
    }
  }

  // False: help was asked for. Throws UsageError.
  bool parse(std::vector<std::string> arguments) {
    std::reverse(arguments.begin(), arguments.end());
    try {
      app_.parse(std::move(arguments));
    } catch (const CLI::CallForHelp&) {
      return false;
    } catch (const CLI::ParseError& error) {
      refuse_extras();
      throw UsageError(fmt::format("{}: {}", command_.name, error.what()));
    }
    refuse_extras();
    return true;
  }

  std::string help() const { return app_.help(); }
  bool verbose() const { return verbose_; }

  Arguments arguments() const {
    Arguments out;
    for (std::size_t i = 0; i < command_.options.size(); ++i) {
      const CommandOption& option = command_.options[i];
      const CLI::Option* parsed = options_[i];
      const bool given = parsed->count() > 0;
      std::vector<std::string> values = given ? parsed->results() : std::vector<std::string>();
      if (!given && !option.fallback.empty()) values = {option.fallback};
      out.set(bare(option.name), std::move(values), given);
    }
    return out;
  }

 private:
  // What no option took.
  void refuse_extras() const {
    const std::vector<std::string> extras = app_.remaining();
    if (extras.empty()) return;
    const auto option = std::find_if(extras.begin(), extras.end(),
                                     [](const std::string& text) { return text.starts_with('-'); });
    if (option == extras.end()) {
      throw UsageError(fmt::format("{}: '{}' is one argument too many. Leave it out.",
                                   command_.name, extras[0]));
    }
    std::vector<std::string> known = {"--help", "--verbose"};
    for (const CommandOption& other : command_.options) {
      if (other.name.starts_with('-')) known.push_back(other.name);
    }
    const std::string name = option->substr(0, option->find('='));
    const auto hint = nearest(name, known);
    throw UsageError(fmt::format("{}: Unknown option '{}'.{}", command_.name, name,
                                 hint ? fmt::format(" Did you mean {}?", *hint) : ""));
  }

  void declare(const CommandOption& option) {
    CLI::Option* added;
    const bool positional = !option.name.starts_with('-');
    std::string help = option.help;
    if (!option.fallback.empty()) help += fmt::format(" Default: {}.", option.fallback);
    if (!positional && option.value.empty()) {
      added = app_.add_flag(option.name, flags_.emplace_back(), help);
    } else if (option.many) {
      added = app_.add_option(option.name, lists_.emplace_back(), help)->type_name(option.value);
      added->allow_extra_args(positional);
    } else {
      added = app_.add_option(option.name, texts_.emplace_back(), help)->type_name(option.value);
    }
    if (option.required) added->required();
    options_.push_back(added);
  }

  const Command& command_;
  CLI::App app_;
  bool verbose_ = false;
  // Where CLI11 puts values; they are read back from its options.
  std::deque<bool> flags_;
  std::deque<std::string> texts_;
  std::deque<std::vector<std::string>> lists_;
  std::vector<CLI::Option*> options_;
};

// Lines that say what goes on while a command runs, from any thread; none after it.
class Notices {
 public:
  explicit Notices(std::ostream& out) : out_(&out) {}
  void tell(const std::string& line) {
    const std::scoped_lock lock(mutex_);
    if (out_ != nullptr) *out_ << line << std::endl;
  }
  void close() {
    const std::scoped_lock lock(mutex_);
    out_ = nullptr;
  }

 private:
  std::mutex mutex_;
  std::ostream* out_;
};

// While it lives, the project's connections tell of themselves on the console.
class Listening {
 public:
  Listening(Project& project, Console& console)
      : pool_(internal::core_of(project).runner_pool()),
        notices_(std::make_shared<Notices>(console.err)) {
    pool_.set_notice([notices = notices_](const std::string& text) { notices->tell(text); });
  }
  ~Listening() {
    pool_.set_notice({});
    pool_.set_log({});
    notices_->close();
  }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

  void log_commands() {
    pool_.set_log([notices = notices_](const std::string& line) { notices->tell("  " + line); });
  }

 private:
  internal::RunnerPool& pool_;
  const std::shared_ptr<Notices> notices_;
};

void print_help(const Project& project, const std::string& program, const Console& console) {
  std::ostream& out = console.out;
  const bool has_colours = console.out_has_colours;
  out << fmt::format("Usage: {} COMMAND [OPTIONS]\n", program);
  const auto section = [&](std::string_view title, const std::vector<Command>& commands) {
    if (commands.empty()) return;
    out << '\n' << painted(Paint::kHeading, title, has_colours) << '\n';
    for (const Command& command : commands) {
      out << fmt::format("  {:<24}{}\n", command.name, command.summary);
    }
  };
  section("Commands:", builtin_commands());
  section("Commands of this project:", internal::core_of(project).commands);
  out << fmt::format("\nType '{} help COMMAND' for a command's options and examples.\n", program);
}

ExitCode run_command(Project& project, const std::string& program,
                     std::vector<std::string> arguments, Console& console) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h") {
    print_help(project, program, console);
    return ExitCode::kOk;
  }
  if (arguments[0] == "--version") arguments[0] = "version";
  if (arguments[0] == "help") {
    if (arguments.size() == 1 || arguments[1] == "help") {
      print_help(project, program, console);
      return ExitCode::kOk;
    }
    arguments = {arguments[1], "--help"};
  }
  const Command& command = find_command(project, arguments[0]);
  OptionParser parser(command, program);
  if (!parser.parse({arguments.begin() + 1, arguments.end()})) {
    console.out << parser.help();
    return ExitCode::kOk;
  }
  const Arguments given = parser.arguments();
  Listening listening(project, console);
  if (parser.verbose()) listening.log_commands();
  CommandContext context{
      .project = project, .arguments = given, .console = console, .program = program};
  return command.run(context);
}

// The one place where errors become text and a number.
ExitCode report(std::exception_ptr failure, const std::string& program, const Console& console) {
  // Errors quote what a server or a file says.
  const auto tell = [&](std::string_view kind, std::string_view text) {
    console.err << painted(Paint::kError, kind, console.err_has_colours) << ": "
                << without_controls(text) << '\n';
  };
  try {
    std::rethrow_exception(failure);
  } catch (const UsageError& error) {
    console.err << without_controls(error.what())
                << fmt::format("\nType '{} help' for usage.\n", program);
    return ExitCode::kUsage;
  } catch (const ImproperlyConfigured& error) {
    tell("ImproperlyConfigured", error.what());
    return ExitCode::kConfiguration;
  } catch (const migrations::MigrationError& error) {
    tell("MigrationError", error.what());
    return ExitCode::kMigrationRefused;
  } catch (const NotSupported& error) {
    tell("NotSupported", error.what());
    return ExitCode::kFailure;
  } catch (const ValidationError& error) {
    tell("ValidationError", error.what());
    return ExitCode::kFailure;
  } catch (const ObjectDoesNotExist& error) {
    err << "DoesNotExist: " << error.what() << '\n';
    return ExitCode::kFailure;
  } catch (const MultipleObjects& error) {
    err << "MultipleObjectsReturned: " << error.what() << '\n';
    return ExitCode::kFailure;
  } catch (const DatabaseError& error) {
    tell(fmt::format("DatabaseError ({})", error.code_name()), error.what());
    return ExitCode::kDatabase;
  } catch (const Error& error) {
    tell(error.code_name(), error.what());
    // Another key encryption key than the vault's, or credentials that a cluster does not take; a
    // vault without the keys that models or a pinned map need.
    if (error.is(ErrorCode::kAuthenticationFailed) || error.is(ErrorCode::kKeyNotFound)) {
      return ExitCode::kConfiguration;
    }
    if (error.is(ErrorCode::kInterrupted)) return ExitCode::kInterrupted;
    const bool unreachable =
        error.is(ErrorCode::kHostUnreachable) || error.is(ErrorCode::kNetworkTimeout);
    return unreachable ? ExitCode::kDatabase : ExitCode::kFailure;
  } catch (const std::exception& error) {
    tell("Error", error.what());
    return ExitCode::kFailure;
  }
}

// Commands that a project without valid settings can be put right with.
bool is_help(std::string_view command) {
  return command.empty() || command == "help" || command == "-h" || command == "--help";
}
bool needs_no_project(std::string_view command) {
  return command == "version" || command == "--version" || command == "generatelocalkey";
}

std::string program_name(int argc, const char* const* argv) {
  return argc > 0 ? std::filesystem::path(argv[0]).filename().string() : "manage";
}

}  // namespace

int manage(Project& project, int argc, const char* const* argv, Console console) {
  const std::string program = program_name(argc, argv);
  internal::core_of(project).program = program;
  ExitCode code;
  try {
    std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
    code = run_command(project, program, std::move(arguments), console);
  } catch (...) {
    code = report(std::current_exception(), program, console);
  }
  console.out.flush();
  if (!console.out && code == ExitCode::kOk) {
    console.err << "Error: the output could not be written\n";
    code = ExitCode::kFailure;
  }
  return static_cast<int>(code);
}

int manage(Project& project, int argc, const char* const* argv) {
  return manage(project, argc, argv, Console::standard());
}

int manage(const std::function<Project()>& make_project, int argc, const char* const* argv,
           Console console) {
  std::optional<Project> project;
  try {
    project.emplace(make_project());
  } catch (...) {
    const std::string_view command = argc > 1 ? argv[1] : "";
    if (!needs_no_project(command)) {
      const ExitCode code = report(std::current_exception(), program_name(argc, argv), console);
      if (!is_help(command)) return static_cast<int>(code);
      console.err << "Note that only the built-in commands are there, because the project could "
                     "not be made.\n";
    }
    Settings none;
    none.databases["default"] = {.host = "memory:", .name = "none"};
    project.emplace(std::move(none));
  }
  return manage(*project, argc, argv, console);
}

int manage(const std::function<Project()>& make_project, int argc, const char* const* argv) {
  return manage(make_project, argc, argv, Console::standard());
}

}  // namespace quern
