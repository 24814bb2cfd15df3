// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// An alias of a project as the migrations' executor sees it.
#ifndef QUERN_PROJECT_MIGRATION_DATABASE_H_
#define QUERN_PROJECT_MIGRATION_DATABASE_H_

#include "migrations/database.h"
#include "project/project_core.h"
#include "quern/project/project.h"

namespace quern::internal {

class MigrationDatabase : public migrations::Database {
 public:
  // Throws ImproperlyConfigured for an unknown alias. Borrows the project.
  MigrationDatabase(Project& project, std::string_view alias)
      : project_(project), connection_(core_of(project).connection(alias)) {}

  const std::string& alias() const override { return connection_.alias(); }
  const std::string& name() const override { return connection_.database(); }
  bool is_encrypted() const override { return connection_.is_encrypted(); }
  bool exists() const override { return connection_.exists(); }
  CommandRunner& runner() override { return connection_.runner(); }
  CommandRunner& plain_runner() override { return connection_.plain(); }
  // Throws ImproperlyConfigured for a key encryption key that is not the vault's, and when the
  // pinned map names keys that the vault does not have.
  void refuse_unusable_keys(std::string_view collection, bson::View encrypted_fields) override;
  int create_encrypted_collection(std::string_view collection,
                                  bson::View encrypted_fields) override;
  void drop_encrypted_collection(std::string_view collection, bson::View encrypted_fields) override;
  bool allow_migrate(std::string_view app, std::string_view model) override;
  bool has_function(std::string_view app, std::string_view function) override;
  void run_function(std::string_view app, std::string_view function,
                    const migrations::State& state) override;

 private:
  Project& project_;
  Connection& connection_;
};

}  // namespace quern::internal

#endif  // QUERN_PROJECT_MIGRATION_DATABASE_H_
