// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What the operations share: reading their JSON members, names in messages, creating and dropping
// collections and indexes.
#ifndef QUERN_MIGRATIONS_OPERATIONS_COMMON_H_
#define QUERN_MIGRATIONS_OPERATIONS_COMMON_H_

#include <string>
#include <string_view>

#include "base/text.h"
#include "migrations/migration_operation.h"

namespace quern::migrations {

// Throws Error(FailedToParse) unless the members of an operation are exactly these and "op".
void expect_members(bson::View document, std::initializer_list<std::string_view> members);
std::string text_of(bson::View document, std::string_view member);
bson::View document_of(bson::View document, std::string_view member);
// "value", of the field's type; missing when it is left out.
bson::Value value_of(bson::View document, const FieldState& field);

// "a.b" to ("a", "b"); without a dot the first is empty.
std::pair<std::string, std::string> split_path(std::string_view member_path);
std::string joined_path(std::string_view parent, std::string_view name);
// A member path as part of a migration's name: "patient_record_age".
std::string as_fragment(std::string_view member_path);

Outcome create_collection(Database& database, const ModelState& model);
void drop_collection(Database& database, const ModelState& model);
void create_index(Database& database, const ModelState& model, const IndexState& index);
void drop_index(Database& database, const ModelState& model, std::string_view name);

// The vector of fields that holds (or would hold) a member of that parent; "" is the model itself.
std::vector<FieldState>& fields_of(ModelState& model, std::string_view parent);

// Throws Error(FailedToParse) when another of the fields, which lie in `parent`, has the field's name
// or its stored name: one would overwrite the other.
void refuse_taken_names(const ModelState& model, std::string_view parent,
                        const std::vector<FieldState>& fields, const FieldState& field);

// Adds or removes what a field stands for in the stored documents: its default value, its data.
void add_field_data(Database& database, const ModelState& model, const std::string& member_path);
void remove_field_data(Database& database, const ModelState& model, const std::string& member_path);

}  // namespace quern::migrations

#endif  // QUERN_MIGRATIONS_OPERATIONS_COMMON_H_
