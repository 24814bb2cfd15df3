// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A migration that cannot be read, ordered or run: its file is malformed, its dependencies do not
// fit together, it names what is not there, or it would lose what is stored.
#ifndef QUERN_MIGRATIONS_MIGRATION_ERROR_H_
#define QUERN_MIGRATIONS_MIGRATION_ERROR_H_

#include <string>

#include "quern/base/error.h"

namespace quern::migrations {

class MigrationError : public Error {
 public:
  explicit MigrationError(const std::string& message) : Error(ErrorCode::kFailedToParse, message) {}
};

}  // namespace quern::migrations

#endif  // QUERN_MIGRATIONS_MIGRATION_ERROR_H_
