// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <istream>
#include <ostream>

#include "base/clock.h"
#include "base/text.h"
#include "migrations/autodetector.h"
#include "migrations/state_of_models.h"
#include "project/commands/commands.h"
#include "project/project_core.h"
#include "quern/base/error.h"
#include "quern/bson/json.h"

namespace quern::internal {
namespace {

using migrations::Changes;
using migrations::Graph;
using migrations::Migration;
using migrations::OperationPtr;

// --rename patient.name=full_name, as (model in lower case, old member path, new name).
struct Rename {
  std::string model, from, to;
};

Rename parse_rename(const std::string& text) {
  const std::size_t equals = text.find('=');
  const std::size_t dot = text.find('.');
  if (equals == std::string::npos || dot == std::string::npos || dot > equals) {
    throw Error(ErrorCode::kBadValue,
                fmt::format("--rename {}: write it as model.old_member=new_member", text));
  }
  return {text.substr(0, dot), text.substr(dot + 1, equals - dot - 1), text.substr(equals + 1)};
}

migrations::Questioner make_questioner(CommandContext& context) {
  std::vector<Rename> renames;
  for (const std::string& text : context.arguments.all("rename")) {
    renames.push_back(parse_rename(text));
  }
  const bool ask = context.console.in_is_terminal && !context.arguments.has("noinput");
  migrations::Questioner questioner;
  questioner.renamed = [&console = context.console, renames, ask](
                           const migrations::ModelState& model, const std::string& old_path,
                           const std::string& new_path, const std::string& type) {
    const std::string name = new_path.substr(new_path.rfind('.') + 1);
    for (const Rename& rename : renames) {
      if (rename.model == to_lower(model.name) && rename.from == old_path && rename.to == name) {
        return true;
      }
    }
    if (!ask) return false;
    console.out << fmt::format("Did you rename {0}.{1} to {0}.{2} (a {3})? [y/N] ",
                               to_lower(model.name), old_path, new_path, type)
                << std::flush;
    std::string answer;
    std::getline(console.in, answer);
    return answer == "y" || answer == "Y" || answer == "yes";
  };
  return questioner;
}

// Apps named on the command line, which must exist; all when none is named.
std::vector<std::string> wanted_apps(CommandContext& context) {
  const std::vector<std::string> known = context.project.core().apps();
  const std::vector<std::string>& named = context.arguments.all("app");
  for (const std::string& app : named) {
    if (std::find(known.begin(), known.end(), app) == known.end()) {
      throw Error(ErrorCode::kBadValue, fmt::format("No installed app with label '{}'.", app));
    }
  }
  return named.empty() ? known : named;
}

void print_migration(std::ostream& out, const std::string& file, const Migration& migration) {
  out << fmt::format("Migrations for '{}':\n  {}\n", migration.key.app, file);
  for (const OperationPtr& operation : migration.operations) {
    out << fmt::format("    {} {}\n", operation->sign(), operation->describe());
  }
}

bson::Date now() { return {Clock::system().wall_now().time_since_epoch().count()}; }

ExitCode write(CommandContext& context, const Migration& migration) {
  ProjectCore& core = context.project.core();
  const std::filesystem::path folder = core.migrations_folder(migration.key.app);
  const std::filesystem::path file = (folder / (migration.key.name + ".json")).lexically_normal();
  print_migration(context.console.out, file.string(), migration);
  if (context.arguments.has("dry-run")) {
    const bson::Document document = migration.to_bson();
    context.console.out << bson::to_pretty_json(document) << '\n';
  } else {
    migrations::write_migration(folder, migration);
  }
  return ExitCode::kOk;
}

ExitCode write_empty(CommandContext& context, const Graph& graph) {
  if (context.arguments.all("app").empty()) {
    throw Error(ErrorCode::kBadValue, "You must supply at least one app label when using --empty.");
  }
  for (const std::string& app : wanted_apps(context)) {
    const std::string& name = context.arguments.text("name");
    write(context,
          migrations::make_migration(graph, app, {}, name.empty() ? "custom" : name, now()));
  }
  return ExitCode::kOk;
}

ExitCode run(CommandContext& context) {
  ProjectCore& core = context.project.core();
  std::ostream& out = context.console.out;
  const Graph graph = core.load_migrations();
  graph.refuse_conflicts();
  const std::vector<std::string> apps = wanted_apps(context);
  if (context.arguments.has("empty")) return write_empty(context, graph);

  const std::vector<ModelRef> models = context.project.models();
  Changes changes = migrations::detect_changes(graph.state(), migrations::state_of_models(models),
                                               make_questioner(context));
  for (const std::string& warning : changes.warnings) {
    context.console.err << "Warning: " << warning << '\n';
  }
  if (!changes.refusals.empty()) {
    throw NotSupported(
        fmt::format("no migration was written:\n  {}", fmt::join(changes.refusals, "\n  ")));
  }
  std::erase_if(changes.operations, [&](const auto& entry) {
    return std::find(apps.begin(), apps.end(), entry.first) == apps.end();
  });
  if (changes.operations.empty()) {
    if (context.arguments.all("app").empty()) {
      out << "No changes detected\n";
    } else {
      out << fmt::format("No changes detected in app{} '{}'\n", apps.size() == 1 ? "" : "s",
                         fmt::join(apps, "', '"));
    }
    return ExitCode::kOk;
  }
  const bool check = context.arguments.has("check");
  for (auto& [app, operations] : changes.operations) {
    const Migration migration = migrations::make_migration(graph, app, std::move(operations),
                                                           context.arguments.text("name"), now());
    if (check) {
      print_migration(out, migration.key.name + ".json", migration);
    } else {
      write(context, migration);
    }
  }
  return check ? ExitCode::kFailure : ExitCode::kOk;
}

}  // namespace

Command makemigrations_command() {
  return {
      .name = "makemigrations",
      .summary = "Write migrations for what changed in the models.",
      .options = {{.name = "--check", .help = "Write nothing; exit with 1 if there are changes."},
                  {.name = "--dry-run", .help = "Write nothing; show what would be written."},
                  {.name = "--empty", .help = "Write a migration without operations."},
                  {.name = "--name", .help = "The migration's name.", .value = "NAME"},
                  {.name = "--rename",
                   .help = "A member has another name now.",
                   .value = "MODEL.OLD=NEW",
                   .many = true},
                  {.name = "--noinput", .help = "Ask nothing: members were not renamed."},
                  {.name = "app",
                   .help = "Apps to look at; all when none is given.",
                   .value = "APP",
                   .many = true}},
      .examples = {"makemigrations", "makemigrations clinic --name add_allergies",
                   "makemigrations --check"},
      .run = run};
}

}  // namespace quern::internal
