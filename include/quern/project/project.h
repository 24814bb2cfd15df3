// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A project: settings, the apps with their models, and the databases they live in.
//
//   quern::Project db{settings};  // throws ImproperlyConfigured, all problems in one message
//   db.app<Patient>("myapp");     // embedded structs are found through their owners
//   db.save(patient);             // and everything else of a ModelSession
//
// There are no globals: a process may have several projects. Registering (app, function, command)
// is for one thread, before the first use; everything else may be called from any thread. Databases
// are opened when they are first used. A project must outlive its query sets; moving one is for
// returning it from a function.
#ifndef QUERN_PROJECT_PROJECT_H_
#define QUERN_PROJECT_PROJECT_H_

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "quern/base/export.h"
#include "quern/command/command_runner.h"
#include "quern/command/reply.h"
#include "quern/models/model.h"
#include "quern/models/model_session.h"
#include "quern/project/command.h"
#include "quern/project/historical_model.h"
#include "quern/project/settings.h"

namespace quern {

namespace internal {
class ProjectCore;
}

// What a RunFunction of a migration works on.
struct MigrationContext {
  ModelSession& db;
  std::string_view alias;  // pass it on: db.objects<Patient>(alias), SaveOptions::database
  // A model as the migrations before this one left it, in the alias: it goes on compiling, and goes
  // on working, when the struct is changed later. Throws Error(FailedToParse) when there is none.
  std::function<HistoricalModel(std::string_view app, std::string_view model)> model = {};
};
using MigrationFunction = std::function<void(const MigrationContext&)>;

class QUERN_EXPORT Project : public ModelSession {
 public:
  // Checks the settings; opens nothing. Throws ImproperlyConfigured.
  explicit Project(Settings settings);
  Project(Project&& other) noexcept;
  Project& operator=(Project&& other) noexcept;
  ~Project();

  // Registers models under an app's label: app<Patient, Visit>("clinic"). Throws
  // ImproperlyConfigured for a label that is no identifier, and when two models have the same name
  // in an app or the same collection.
  template <class... Models>
  Project& app(std::string_view label) {
    (add_model(label, internal::collection_model<Models>()), ...);
    return *this;
  }

  // What RunFunction operations of the app call by that name.
  Project& function(std::string_view app, std::string_view name, MigrationFunction body);

  // Adds a command to the manage binary. Throws ImproperlyConfigured when there is one of that
  // name.
  Project& command(Command command);

  const Settings& settings() const;
  // Runs commands on the alias as they are, without automatic encryption: what is stored.
  CommandRunner& plain_runner(std::string_view alias);

  // Copies the folder of an embedded database into a directory that is not there, or empty, while
  // everybody reads and writes: all that was acknowledged by now. The copy is opened and read through,
  // and there only when it is whole. docs/guide/operations.md. Throws ImproperlyConfigured for a
  // database that is not in a folder, or not there; DatabaseError, and leaves nothing behind, when it
  // cannot be written.
  void backup(std::string_view alias, const std::filesystem::path& directory);

 private:
  explicit Project(std::unique_ptr<internal::ProjectCore> core);
  void add_model(std::string_view label, const ModelInfo& info);

  std::unique_ptr<internal::ProjectCore> core_;
};

}  // namespace quern

#endif  // QUERN_PROJECT_PROJECT_H_
