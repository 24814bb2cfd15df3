// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A shell's completion of this program: its commands, their options and the aliases of databases.
#include <fmt/format.h>

#include <cctype>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "project/commands/commands.h"
#include "project/project_core.h"

namespace quern::internal {
namespace {

// In single quotes, for any of the shells.
std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// A name that a shell function may have.
std::string function_name(std::string_view program) {
  std::string out = "_";
  for (const char c : program) out += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return out;
}

std::vector<std::string> option_names(const Command& command) {
  std::vector<std::string> out = {"--help", "--verbose"};
  for (const CommandOption& option : command.options) {
    if (option.name.starts_with('-')) out.push_back(option.name);
  }
  return out;
}

std::vector<std::string> aliases(const Project& project) {
  std::vector<std::string> out;
  for (const auto& [alias, database] : core_of(project).settings().databases) out.push_back(alias);
  return out;
}

void print_bash(const Project& project, const std::string& program, std::ostream& out) {
  const std::string function = function_name(program);
  std::string commands;
  for (const Command* command : all_commands(project)) commands += command->name + " ";
  out << fmt::format(
      "{}() {{\n"
      "  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} options=\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ] || [ \"$before\" = help ]; then\n"
      "    COMPREPLY=($(compgen -W {} -- \"$word\")); return\n"
      "  fi\n"
      "  if [ \"$before\" = --database ]; then\n"
      "    COMPREPLY=($(compgen -W {} -- \"$word\")); return\n"
      "  fi\n"
      "  case ${{COMP_WORDS[1]}} in\n",
      function, in_quotes(commands + "help"),
      in_quotes(fmt::format("{}", fmt::join(aliases(project), " "))));
  for (const Command* command : all_commands(project)) {
    out << fmt::format("    {}) options={} ;;\n", command->name,
                       in_quotes(fmt::format("{}", fmt::join(option_names(*command), " "))));
  }
  out << fmt::format(
      "  esac\n"
      "  case $word in -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")) ;; esac\n"
      "}}\n"
      "complete -o default -F {} {}\n",
      function, program);
}

void print_fish(const Project& project, const std::string& program, std::ostream& out) {
  for (const Command* command : all_commands(project)) {
    out << fmt::format("complete -c {} -n __fish_use_subcommand -f -a {} -d {}\n", program,
                       command->name, in_quotes(command->summary));
    for (const std::string& option : option_names(*command)) {
      out << fmt::format(
          "complete -c {} -n '__fish_seen_subcommand_from {}' -l {}{}\n", program, command->name,
          option.substr(2),
          option == "--database"
              ? fmt::format(" -x -a {}",
                            in_quotes(fmt::format("{}", fmt::join(aliases(project), " "))))
              : "");
    }
  }
}

ExitCode run(CommandContext& context) {
  std::ostream& out = context.console.out;
  const std::string& shell = context.arguments.text("shell");
  if (shell == "fish") {
    print_fish(context.project, context.program, out);
  } else if (shell == "bash" || shell == "zsh") {
    if (shell == "zsh") out << "autoload -U +X bashcompinit && bashcompinit\n";
    print_bash(context.project, context.program, out);
  } else {
    throw UsageError(
        fmt::format("completion: there is none for '{}': name bash, zsh or fish", shell));
  }
  return ExitCode::kOk;
}

}  // namespace

Command completion_command() {
  return {.name = "completion",
          .summary = "Print the completion script of a shell: bash, zsh or fish.",
          .options = {{.name = "shell",
                       .help = "The shell that is to complete this program's commands and options.",
                       .value = "SHELL",
                       .fallback = "bash"}},
          .examples = {"completion bash > ~/.local/share/bash-completion/completions/manage",
                       "completion fish > ~/.config/fish/completions/manage.fish"},
          .run = run};
}

}  // namespace quern::internal
