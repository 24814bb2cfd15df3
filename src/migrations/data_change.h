// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Changing the stored documents of a model, one member at a time. On an encrypting alias documents
// are changed one by one (MongoDB refuses multi-document updates there), elsewhere by one command
// where that is possible. A member inside an encrypted value is changed here: the value is decrypted,
// and the new one encrypted by the alias's runner. Everything may be run again after it was
// interrupted.
#ifndef QUERN_MIGRATIONS_DATA_CHANGE_H_
#define QUERN_MIGRATIONS_DATA_CHANGE_H_

#include <cstdint>
#include <functional>
#include <string_view>

#include "migrations/database.h"
#include "migrations/state.h"

namespace quern::migrations {

// Gives every document that lacks the member this value.
void add_member(Database& database, std::string_view collection, const StoredPath& path,
                bson::ValueView value);
void remove_member(Database& database, std::string_view collection, const StoredPath& path);
// Moves the member to another name in the same place.
void rename_member(Database& database, std::string_view collection, const StoredPath& path,
                   std::string_view new_column);
// Replaces every value of the member that `convert` has an answer for; the missing value: as it is.
void convert_member(Database& database, std::string_view collection, const StoredPath& path,
                    const std::function<bson::Value(bson::ValueView)>& convert);

}  // namespace quern::migrations

#endif  // QUERN_MIGRATIONS_DATA_CHANGE_H_
