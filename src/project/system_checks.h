// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What `manage check` looks for. The ids stay the same from version to version.
#ifndef QUERN_PROJECT_SYSTEM_CHECKS_H_
#define QUERN_PROJECT_SYSTEM_CHECKS_H_

#include <string>
#include <string_view>
#include <vector>

#include "quern/project/project.h"

namespace quern::internal {

struct CheckMessage {
  enum class Level { kNote, kWarning, kError };
  Level level;
  std::string id;
  std::string text;
};

// Without opening any database:
//   quern.E101  a model with encrypted fields is written to a database without encryption
//   quern.E106  a key management service that this version cannot use
//   quern.E107  migrations that cannot be read
//   quern.E108  models have a change that cannot be migrated
//   quern.W202  equality on a field of few values, such as bool
//   quern.W204  an encrypting cluster without a pinned encrypted_fields_map
//   quern.W207  models have changes that no migration has
//   quern.W208  a model is written to a database that routers keep its migrations out of
//   quern.N301  a setting without effect
std::vector<CheckMessage> check_project(Project& project);

// Opens the database, but makes none: of one that does not exist only its keys, its map and the
// migrations are looked at.
//   quern.E102  it cannot be opened or reached
//   quern.E103  the pinned map does not fit the models, or names keys that the vault does not have
//   quern.E104  a deployment that cannot do Queryable Encryption: too old, or standalone
//   quern.E105  a key encryption key that cannot be read, has the wrong size or is not the vault's
//   quern.E109  a data key that an encrypted collection needs is not in the vault
//   quern.E110  a model has in the clear what its collection encrypts
//   quern.W206  migrations that are not applied
//   quern.W209  everything is applied, but a collection lacks an index or constraint of its model
std::vector<CheckMessage> check_database(Project& project, std::string_view alias);

}  // namespace quern::internal

#endif  // QUERN_PROJECT_SYSTEM_CHECKS_H_
