// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Field tables: what the compiler knows of the members, completed to FieldInfo.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "models/encode_error.h"
#include "models/struct_fields.h"
#include "models/value_type.h"
#include "quern/base/error.h"

namespace quern::internal {
namespace {

constexpr std::string_view kSafeContent = "__safeContent__";

[[noreturn]] void bad_column(std::string_view model, const FieldInfo& field, std::string_view why) {
  throw ImproperlyConfigured(
      fmt::format("{}.{}: the column name \"{}\" {}; give it another one in Meta::columns", model,
                  field.name, field.column, why));
}

void check_column(std::string_view model, const FieldInfo& field) {
  if (field.column.empty()) bad_column(model, field, "is empty");
  if (field.column.starts_with('$')) bad_column(model, field, "starts with '$'");
  if (field.column.find('.') != std::string::npos) bad_column(model, field, "has a '.' in it");
  if (field.column.find('\0') != std::string::npos) bad_column(model, field, "has a NUL in it");
  if (field.column == kSafeContent) bad_column(model, field, "is reserved for encryption");
  if (field.column == "_id" && !field.primary_key) bad_column(model, field, "is that of the Id");
}

bson::Value default_of(std::string_view model, const FieldInfo& field, const void* prototype) {
  const auto* member = static_cast<const char*>(prototype) + field.offset;
  if (field.primary_key || field.encrypted || field.value_type->content(member) == nullptr)
    return {};
  if (field.embedded != nullptr && field.embedded->has_encrypted_fields()) return {};
  bson::Builder out;
  encode_step(fmt::format("{}.{}", model, field.name), false,
              [&] { field.value_type->encode(member, out, ""); });
  const bson::Document document = out.finish();
  return bson::Value(document.view().front().value());
}

// Whether a stored, dotted path leads to a member, through structs and the elements of vectors.
bool has_path(std::span<const FieldInfo> fields, std::string_view path) {
  const std::size_t dot = path.find('.');
  const auto field = std::ranges::find(fields, path.substr(0, dot), &FieldInfo::column);
  if (field == fields.end()) return false;
  if (dot == std::string_view::npos) return true;
  const ValueInfo* value = &*field;
  while (value->element != nullptr) value = value->element;
  return value->embedded != nullptr && has_path(value->embedded->fields, path.substr(dot + 1));
}

void check_path(const ModelInfo& model, std::string_view part, const std::string& path) {
  if (has_path(model.fields, path)) return;
  throw ImproperlyConfigured(
      fmt::format("{}: Meta::{} names \"{}\", which no member of the model is stored as",
                  model.name, part, path));
}

// Throws ImproperlyConfigured when Meta names paths that the model doesn't have.
void check_meta(const ModelInfo& model) {
  for (const IndexInfo& index : model.indexes) {
    for (const IndexKey& key : index.keys) check_path(model, "indexes", key.path);
  }
  for (const ConstraintInfo& constraint : model.constraints) {
    for (const std::string& path : constraint.paths) check_path(model, "constraints", path);
  }
  for (const IndexKey& key : model.ordering) check_path(model, "ordering", key.path);
}

}  // namespace

const ModelInfo& make_model(const char* type, const StructFields& fields, MetaParts meta) {
  ModelInfo info;
  info.name = type_name(type);
  info.fields = fields.list;
  info.db_table = meta.db_table;
  info.indexes = std::move(meta.indexes);
  info.constraints = std::move(meta.constraints);
  info.ordering = std::move(meta.ordering);
  check_meta(info);
  return *new ModelInfo(std::move(info));
}

const StructFields& make_fields(const char* type, std::span<const MemberInfo> members,
                                const void* prototype, const Columns& columns) {
  const std::string_view model = type_name(type);
  for (const Column& column : columns) {
    if (column.owner == prototype) continue;
    throw ImproperlyConfigured(fmt::format(
        "{}: Meta::columns names \"{}\" for a member of another struct", model, column.name));
  }
  std::vector<FieldInfo> fields;
  std::set<std::string, std::less<>> taken;
  fields.reserve(members.size());
  for (const MemberInfo& member : members) {
    FieldInfo field;
    static_cast<ValueInfo&>(field) = member.type->info();
    field.name = field.column = member_name(member.text);
    field.offset = static_cast<std::size_t>(static_cast<const char*>(member.address) -
                                            static_cast<const char*>(prototype));
    field.value_type = member.type;
    field.primary_key = member.primary_key;
    if (member.primary_key) field.column = "_id";
    if (member.encrypted) {
      std::vector<QueryInfo>& queries = field.encrypted.emplace().queries;
      std::copy_if(member.queries, member.queries + member.query_count, std::back_inserter(queries),
                   [](const QueryInfo& query) { return !query.query_type.empty(); });
    }
    const auto named = std::ranges::find(columns, field.offset, &Column::offset);
    if (named != columns.end()) {
      field.column = named->name;
      if (field.primary_key && field.column != "_id") {
        bad_column(model, field, "cannot be that of an Id, which is stored as \"_id\"");
      }
    }
    check_column(model, field);
    if (!taken.insert(field.column).second) bad_column(model, field, "is taken by another member");
    field.default_value = default_of(model, field, prototype);
    fields.push_back(std::move(field));
  }
  return *new StructFields{std::move(fields)};
}

}  // namespace quern::internal
