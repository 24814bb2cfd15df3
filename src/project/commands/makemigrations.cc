// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "base/clock.h"
#include "base/text.h"
#include "migrations/autodetector.h"
#include "migrations/interruption.h"
#include "migrations/migration_error.h"
#include "migrations/state_of_models.h"
#include "project/commands/commands.h"
#include "project/one_off_values.h"
#include "project/project_core.h"
#include "project/question.h"
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
  std::string text;
  std::string model, from, to;
  bool used = false;

  // The path of the member under its new name.
  std::string new_path() const { return from.substr(0, from.rfind('.') + 1) + to; }
};

Rename parse_rename(const std::string& text) {
  const std::size_t equals = text.find('=');
  const std::size_t dot = text.find('.');
  if (equals == std::string::npos || dot == std::string::npos || dot > equals) {
    throw UsageError(fmt::format("--rename {}: write it as model.old_member=new_member", text));
  }
  return {text, to_lower(text.substr(0, dot)), text.substr(dot + 1, equals - dot - 1),
          text.substr(equals + 1)};
}

// Whether members were renamed: as --rename says, else as the user answers, else not.
class Renames {
 public:
  explicit Renames(CommandContext& context)
      : console_(context.console),
        noinput_(context.arguments.has("noinput")),
        ask_(console_.in_is_terminal && !noinput_) {
    for (const std::string& text : context.arguments.all("rename")) {
      given_.push_back(parse_rename(text));
    }
  }

  bool renamed(const migrations::ModelState& model, const std::string& old_path,
               const std::string& new_path, const std::string& type) {
    bool decided = false;  // for one of the two by another --rename
    for (Rename& rename : given_) {
      if (rename.model != to_lower(model.name)) continue;
      const bool from = rename.from == old_path;
      const bool to = rename.new_path() == new_path;
      if (from && to) {
        rename.used = true;
        return true;
      }
      decided = decided || from || to;
    }
    if (decided) return false;
    if (ask_) return answer(to_lower(model.name), old_path, new_path, type);
    if (!noinput_) {
      warnings_.push_back(fmt::format(
          "{0}.{1} is taken as removed and {0}.{2} as new, which loses what is stored. If it was "
          "renamed, say --rename {0}.{1}={3}.",
          to_lower(model.name), old_path, new_path, new_path.substr(new_path.rfind('.') + 1)));
    }
    return false;
  }

  // Throws UsageError for one that fits no change: it is a slip, and what it was to keep would be
  // lost.
  void refuse_unused(const migrations::State& before, const migrations::State& after) const {
    for (const Rename& rename : given_) {
      if (rename.used) continue;
      throw UsageError(fmt::format("--rename {}: {}", rename.text, why(rename, before, after)));
    }
  }
  // Of members that may have been renamed, but nobody could be asked.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  bool answer(const std::string& model, const std::string& old_path, const std::string& new_path,
              const std::string& type) {
    while (true) {
      const std::string answer =
          to_lower(ask(console_, fmt::format("Did you rename {0}.{1} to {0}.{2} (a {3})? [y/N] ",
                                             model, old_path, new_path, type)));
      if (answer == "y" || answer == "yes") return true;
      if (answer.empty() || answer == "n" || answer == "no") return false;
    }
  }

  static std::string why(const Rename& rename, const migrations::State& before,
                         const migrations::State& after) {
    for (const auto& [label, model] : before.models()) {
      const migrations::ModelState* now = after.find(model.app, model.name);
      if (to_lower(model.name) != rename.model || !now) continue;
      if (!model.find(rename.from) || now->find(rename.from)) {
        return fmt::format("{} has no member '{}' that is gone", rename.model, rename.from);
      }
      return fmt::format("{} has no new member '{}' that '{}' could have become", rename.model,
                         rename.to, rename.from);
    }
    return fmt::format("there is no model '{}' with migrations", rename.model);
  }

  Console& console_;
  const bool noinput_;
  const bool ask_;
  std::vector<Rename> given_;
  std::vector<std::string> warnings_;
};

// Apps named on the command line, which must exist; all when none is named.
std::vector<std::string> wanted_apps(CommandContext& context) {
  const ProjectCore& core = core_of(context.project);
  const std::vector<std::string>& named = context.arguments.all("app");
  for (const std::string& app : named) core.check_app(app);
  return named.empty() ? core.apps() : named;
}

void print_migration(std::ostream& out, const std::string& file, const Migration& migration) {
  out << fmt::format("Migrations for '{}':\n  {}\n", migration.key.app, file);
  for (const OperationPtr& operation : migration.operations) {
    out << fmt::format("    {} {}\n", operation->sign(), operation->describe());
  }
}

bson::Date now() { return {Clock::system().wall_now().time_since_epoch().count()}; }

// Writes the file unless an option says to show it only.
ExitCode write(CommandContext& context, const Migration& migration) {
  ProjectCore& core = core_of(context.project);
  const std::filesystem::path folder = core.migrations_folder(migration.key.app);
  const std::filesystem::path file = (folder / (migration.key.name + ".json")).lexically_normal();
  const bool check = context.arguments.has("check");
  const bool dry_run = context.arguments.has("dry-run");
  if (!check && !dry_run) migrations::write_migration(folder, migration);
  print_migration(context.console.out, file.string(), migration);
  if (check) return ExitCode::kFailure;
  if (dry_run) {
    const bson::Document document = migration.to_bson();
    context.console.out << bson::to_pretty_json(document) << '\n';
  }
  return ExitCode::kOk;
}

ExitCode write_empty(CommandContext& context, const Graph& graph) {
  if (context.arguments.all("app").empty()) {
    throw UsageError(
        fmt::format("You must supply at least one app label when using --empty. There are: {}",
                    fmt::join(core_of(context.project).apps(), ", ")));
  }
  ExitCode code = ExitCode::kOk;
  for (const std::string& app : wanted_apps(context)) {
    const std::string& name = context.arguments.text("name");
    code = write(context,
                 migrations::make_migration(graph, app, {}, name.empty() ? "custom" : name, now()));
  }
  return code;
}

// It becomes a file's name.
void check_name(const std::string& name) {
  const bool good = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (!good) {
    throw UsageError(fmt::format("--name '{}': use letters, digits and underscores only", name));
  }
}

ExitCode run(CommandContext& context) {
  ProjectCore& core = core_of(context.project);
  std::ostream& out = context.console.out;
  check_name(context.arguments.text("name"));
  const Graph graph = core.load_migrations();
  graph.refuse_conflicts();
  const std::vector<std::string> apps = wanted_apps(context);
  if (context.arguments.has("empty")) return write_empty(context, graph);

  const auto& list = core_of(context.project).models();
  const std::vector<ModelRef> models(list.begin(), list.end());
  const migrations::State before = graph.state();
  const migrations::State after = migrations::state_of_models(models);
  Renames renames(context);
  migrations::Questioner questioner;
  questioner.renamed = [&](const auto&... question) { return renames.renamed(question...); };
  OneOffValues values(context, apps);
  const bool check = context.arguments.has("check");
  if (!check) {
    questioner.value = [&](const auto&... question) { return values.value(question...); };
  }
  Changes changes = migrations::detect_changes(before, after, questioner);
  const auto refuse = [](const std::vector<std::string>& refusals) {
    if (refusals.empty()) return;
    throw migrations::MigrationError(
        fmt::format("no migration was written:\n  {}", fmt::join(refusals, "\n  ")));
  };
  refuse(changes.refusals);
  renames.refuse_unused(before, after);
  if (!check) values.refuse_unused();
  changes.warnings.insert(changes.warnings.end(), renames.warnings().begin(),
                          renames.warnings().end());
  for (const std::string& warning : changes.warnings) {
    context.console.err << "Warning: " << warning << '\n';
  }
  refuse(values.refusals());
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
  std::vector<Migration> made;
  migrations::State reached = before;
  for (auto& [app, operations] : changes.operations) {
    made.push_back(migrations::make_migration(graph, app, std::move(operations),
                                              context.arguments.text("name"), now()));
    // What migrate would refuse is not written.
    const migrations::State start = reached;
    made.back().apply_to(reached);
    migrations::refuse_reused_names(made.back(), start, false);
  }
  ExitCode code = ExitCode::kOk;
  for (const Migration& migration : made) code = write(context, migration);
  return code;
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
                  {.name = "--default",
                   .help = "What documents that are there get for a new member that may not be "
                           "empty.",
                   .value = "APP.MODEL.MEMBER=VALUE",
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
