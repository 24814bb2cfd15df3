// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "migrations/state_of_models.h"

#include "quern/bson/json.h"
#include "quern/models/internal/encrypted_schema.h"

namespace quern::migrations {
namespace {

std::vector<FieldState> fields_of_struct(const ModelInfo& info);

// The struct below a value: of an object, or of an array's objects.
const ModelInfo* struct_below(const ValueInfo& value) {
  if (value.embedded) return value.embedded;
  return value.element ? value.element->embedded : nullptr;
}

void append_value_attributes(bson::Builder& out, const ValueInfo& value) {
  if (value.type == bson::Type::kString && value.allow_blank) out.append("blank", true);
  if (value.max_length) out.append("max_length", std::int32_t{*value.max_length});
  if (value.max_digits) out.append("max_digits", std::int32_t{*value.max_digits});
  if (value.decimal_places) out.append("decimal_places", std::int32_t{*value.decimal_places});
  if (!value.choices.empty()) {
    out.open_array("choices");
    for (const ChoiceInfo& choice : value.choices) out.push(choice.stored);
    out.close();
  }
  if (value.element && !value.element->embedded) {
    out.open_document("items").append("type", bson::alias(value.element->type));
    if (value.element->nullable) out.append("null", true);
    append_value_attributes(out, *value.element);
    out.close();
  }
}

bson::Document encryption_of(const EncryptionInfo& info) {
  bson::Builder out;
  if (info.queries.size() == 1) {
    out.open_document("queries");
    append_query(out, info.queries.front());
    out.close();
  } else if (!info.queries.empty()) {
    out.open_array("queries");
    for (const QueryInfo& query : info.queries) {
      out.push_document();
      append_query(out, query);
      out.close();
    }
    out.close();
  }
  return out.finish();
}

FieldState state_of_field(const FieldInfo& info) {
  FieldState field;
  field.name = info.name;
  field.column = info.column;
  field.type = bson::alias(info.type);
  field.primary_key = info.primary_key;
  field.nullable = info.nullable;
  if (info.encrypted) field.encrypted = encryption_of(*info.encrypted);
  bson::Builder attributes;
  append_value_attributes(attributes, info);
  if (!info.default_value.missing()) attributes.append("default", info.default_value);
  field.attributes = attributes.finish();
  if (const ModelInfo* below = struct_below(info)) {
    field.embedded = below->name;
    field.fields = fields_of_struct(*below);
  }
  return field;
}

std::vector<FieldState> fields_of_struct(const ModelInfo& info) {
  std::vector<FieldState> out;
  for (const FieldInfo& field : info.fields) {
    // Through the JSON form, so that the state equals the one read from a migration's file.
    const bson::Document document = state_of_field(field).to_bson();
    const bson::Document reread = bson::from_json(bson::to_json(document));
    out.push_back(FieldState::parse(reread));
  }
  return out;
}

IndexState state_of_index(const IndexInfo& info) {
  bson::Builder key;
  for (const IndexKey& part : info.keys) key.append(part.path, std::int32_t{part.direction});
  return {.name = info.name, .key = key.finish()};
}

// The type of what lies at a stored path.
std::string type_at(const std::vector<FieldState>& fields, std::string_view path) {
  const std::size_t dot = path.find('.');
  for (const FieldState& field : fields) {
    if (field.column != path.substr(0, dot)) continue;
    if (dot != std::string_view::npos) return type_at(field.fields, path.substr(dot + 1));
    if (!field.is_array()) return field.type;
    const bson::Element items = field.attributes["items"];
    return items.missing() ? "object" : std::string(items.as_document()["type"].as_string());
  }
  return "";
}

// The types of the values that may equal one of that type. An index over all of them serves
// look-ups of a value; one over the type alone would miss an equal value of another one.
bson::Value types_equal_to(std::string_view type) {
  if (type == "int" || type == "long" || type == "double" || type == "decimal") {
    return bson::Value::of("number");
  }
  if (type == "string") return bson::array("string", "symbol");
  return bson::Value::of(type);
}

// Unique where there is a value: documents without one, and nulls, are not in the index.
IndexState state_of_constraint(const ConstraintInfo& info, const std::vector<FieldState>& fields) {
  bson::Builder key;
  bson::Builder options;
  options.append("unique", true).open_document("partialFilterExpression");
  for (const std::string& path : info.paths) {
    key.append(path, std::int32_t{1});
    options.append(path, bson::doc("$type", types_equal_to(type_at(fields, path))));
  }
  options.close();
  return {.name = info.name, .key = key.finish(), .options = options.finish()};
}

}  // namespace

ModelState state_of_model(const ModelRef& model) {
  ModelState out;
  out.app = model.app_label;
  out.name = model.name;
  out.collection = model.collection;
  out.fields = fields_of_struct(*model.info);
  for (const IndexInfo& index : model.info->indexes) out.indexes.push_back(state_of_index(index));
  for (const ConstraintInfo& constraint : model.info->constraints) {
    out.constraints.push_back(state_of_constraint(constraint, out.fields));
  }
  return out;
}

State state_of_models(std::span<const ModelRef> models) {
  State state;
  for (const ModelRef& model : models) state.add(state_of_model(model));
  return state;
}

}  // namespace quern::migrations
