// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A migration: named, ordered by its dependencies, made of operations. It is a JSON file,
// <app>/migrations/<name>.json, described in docs/format/migrations.md.
#ifndef QUERN_MIGRATIONS_MIGRATION_H_
#define QUERN_MIGRATIONS_MIGRATION_H_

#include <filesystem>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "migrations/migration_operation.h"

namespace quern::migrations {

struct MigrationKey {
  std::string app;
  std::string name;

  std::string to_string() const { return app + "." + name; }
  friend auto operator<=>(const MigrationKey&, const MigrationKey&) = default;
};

struct Migration {
  static constexpr int kFormat = 1;

  MigrationKey key;
  bool initial = false;
  std::vector<MigrationKey> dependencies;
  std::vector<OperationPtr> operations;

  // Throws Error(FailedToParse) that says what is wrong with which operation.
  static Migration parse(bson::View document);
  bson::Document to_bson() const;

  // SHA-256 of what the migration says, in hexadecimal, however its file is laid out.
  std::string hash() const;

  // Applies all operations. Throws MigrationError that names the migration and the operation.
  void apply_to(State& state) const;
};

// Reads one file; its name must be the migration's and its folder the app's. Throws MigrationError
// that starts with the file's path.
Migration read_migration(const std::filesystem::path& file, std::string_view app);
// Every .json file of a folder, by name; none when there is no folder.
std::vector<Migration> read_migrations(const std::filesystem::path& folder, std::string_view app);
// Writes folder/<name>.json, whole or not at all, creating the folder. Throws
// ImproperlyConfigured when the file exists or cannot be written. Returns its path.
std::filesystem::path write_migration(const std::filesystem::path& folder,
                                      const Migration& migration);

}  // namespace quern::migrations

#endif  // QUERN_MIGRATIONS_MIGRATION_H_
