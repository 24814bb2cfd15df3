// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "migrations/operations/common.h"

#include <fmt/format.h>

#include <algorithm>

#include "bson/strict_reader.h"
#include "migrations/data_change.h"
#include "quern/base/error.h"
#include "quern/command/reply.h"

namespace quern::migrations {
namespace {

[[noreturn]] void fail(const std::string& message) {
  throw Error(ErrorCode::kFailedToParse, message);
}

bool has_encrypted(const FieldState& field) {
  return field.encrypted || std::any_of(field.fields.begin(), field.fields.end(), has_encrypted);
}

}  // namespace

void expect_members(bson::View document, std::initializer_list<std::string_view> members) {
  constexpr std::string_view kOp[] = {"op"};
  constexpr auto kCode = static_cast<std::int32_t>(ErrorCode::kFailedToParse);
  bson::StrictReader(document, document["op"].as_string(),
                     bson::Members{.known = {members.begin(), members.size()}, .shared = kOp},
                     {.unknown = {kCode, "{where} has the unknown member \"{name}\".{nearest}"},
                      .repeated = {kCode, "{where} has the member \"{name}\" twice"}});
}

std::string text_of(bson::View document, std::string_view member) {
  const bson::Element element = document[member];
  if (!element.is_string() || element.as_string().empty()) {
    fail(fmt::format("{} needs a \"{}\" that is a non-empty string", document["op"].as_string(),
                     member));
  }
  return std::string(element.as_string());
}

bson::View document_of(bson::View document, std::string_view member) {
  const bson::Element element = document[member];
  if (!element.is_document()) {
    fail(fmt::format("{} needs a \"{}\" that is an object", document["op"].as_string(), member));
  }
  return element.as_document();
}

bson::Value value_of(bson::View document, const FieldState& field) {
  const bson::Element element = document["value"];
  if (element.missing()) return {};
  bson::Value value = as_field_type(element.value(), field);
  if (bson::alias(value.type()) != field.type) {
    fail(fmt::format("the \"value\" of {} must be of the type of field {}, {}, but is of type {}",
                     document["op"].as_string(), field.name, field.type,
                     bson::alias(value.type())));
  }
  return value;
}

std::pair<std::string, std::string> split_path(std::string_view member_path) {
  const std::size_t dot = member_path.rfind('.');
  if (dot == std::string_view::npos) return {"", std::string(member_path)};
  return {std::string(member_path.substr(0, dot)), std::string(member_path.substr(dot + 1))};
}

std::string joined_path(std::string_view parent, std::string_view name) {
  return parent.empty() ? std::string(name) : fmt::format("{}.{}", parent, name);
}

std::string as_fragment(std::string_view member_path) {
  std::string out = to_lower(member_path);
  std::replace(out.begin(), out.end(), '.', '_');
  return out;
}

Outcome create_collection(Database& database, const ModelState& model) {
  if (model.has_encrypted()) {
    if (!database.is_encrypted()) {
      throw ImproperlyConfigured(fmt::format(
          "Tried to create model {0} in '{1}' database. The model has encrypted fields but "
          "databases.{1} is missing the \"auto_encryption\" setting. If the model should not be "
          "created in this database, adjust your database routers.",
          model.label(), database.alias()));
    }
    const bson::Document fields = model.encrypted_fields();
    return {database.create_encrypted_collection(model.collection, fields)};
  }
  const bson::Document command = bson::doc("create", model.collection);
  try {
    run_checked(database.plain_runner(), database.name(), command);
  } catch (const DatabaseError& error) {
    // An earlier run was interrupted after this.
    if (!error.is(ErrorCode::kNamespaceExists)) throw;
  }
  return {};
}

void drop_collection(Database& database, const ModelState& model) {
  if (model.has_encrypted() && database.is_encrypted()) {
    const bson::Document fields = model.encrypted_fields();
    database.drop_encrypted_collection(model.collection, fields);
    return;
  }
  const bson::Document command = bson::doc("drop", model.collection);
  try {
    run_checked(database.plain_runner(), database.name(), command);
  } catch (const DatabaseError& error) {
    if (!error.is(ErrorCode::kNamespaceNotFound)) throw;
  }
}

void create_index(Database& database, const ModelState& model, const IndexState& index) {
  bson::Builder out;
  out.append("createIndexes", model.collection).open_array("indexes").push_document();
  out.append("key", index.key).append("name", index.name).append_all(index.options);
  out.close().close();
  const bson::Document command = out.finish();
  run_checked(database.plain_runner(), database.name(), command);
}

void drop_index(Database& database, const ModelState& model, std::string_view name) {
  const bson::Document command = bson::doc("dropIndexes", model.collection, "index", name);
  try {
    run_checked(database.plain_runner(), database.name(), command);
  } catch (const DatabaseError& error) {
    if (!error.is(ErrorCode::kIndexNotFound) && !error.is(ErrorCode::kNamespaceNotFound)) throw;
  }
}

std::vector<FieldState>& fields_of(ModelState& model, std::string_view parent) {
  if (parent.empty()) return model.fields;
  FieldState* field = model.find(parent);
  if (!field) fail(fmt::format("{} has no field {}", model.label(), parent));
  return field->fields;
}

void refuse_taken_names(const ModelState& model, std::string_view parent,
                        const std::vector<FieldState>& fields, const FieldState& field) {
  for (const FieldState& other : fields) {
    if (&other == &field) continue;
    if (other.name == field.name) {
      fail(
          fmt::format("{} already has a field {}", model.label(), joined_path(parent, field.name)));
    }
    if (other.column == field.column) {
      fail(fmt::format(
          "{0} already has a field that is stored as '{1}': {2}. Give {3} another column(), or "
          "change {2} in a migration before this one",
          model.label(), field.column, joined_path(parent, other.name),
          joined_path(parent, field.name)));
    }
  }
}

void add_field_data(Database& database, const ModelState& model, const std::string& member_path) {
  const StoredPath path = stored_path(model, member_path);
  const FieldState& field = *model.find(member_path);
  const bson::Element value = field.attributes["default"];
  // Encrypted ones are there again or not at all; what has no default reads as absent.
  if (has_encrypted(field) || value.missing()) return;
  add_member(database, model.collection, path, value.value());
}

void remove_field_data(Database& database, const ModelState& model,
                       const std::string& member_path) {
  const StoredPath path = stored_path(model, member_path);
  // Ciphertext stays: its state entries and the server's schema do too.
  if (has_encrypted(*model.find(member_path))) return;
  remove_member(database, model.collection, path);
}

}  // namespace quern::migrations
