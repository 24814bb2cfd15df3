// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "migrations/state.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "quern/base/error.h"

namespace quern::migrations {
namespace {

[[noreturn]] void fail(const std::string& message) {
  throw Error(ErrorCode::kFailedToParse, message);
}

std::string text_member(bson::View document, std::string_view key, std::string_view what) {
  const bson::Element element = document[key];
  if (!element.is_string() || element.as_string().empty()) {
    fail(fmt::format("{} needs a \"{}\" that is a non-empty string", what, key));
  }
  return std::string(element.as_string());
}

bool flag_member(const bson::Element& element, std::string_view where) {
  if (element.type() != bson::Type::kBool) {
    fail(fmt::format("\"{}\" of field {} must be true or false", element.key(), where));
  }
  return element.as_bool();
}

// The attributes a field may carry beside its structure. A name that is not here is a typing error.
constexpr std::string_view kAttributes[] = {"blank",          "max_length", "max_digits",
                                            "decimal_places", "choices",    "items"};

// JSON has one kind of number: a default is of the field's type.
bson::Value as_type(bson::ValueView value, std::string_view type) {
  const std::optional<std::int64_t> whole = value.whole_number();
  if (type == "long" && whole) return bson::Value::of(*whole);
  if (type == "double" && value.is_number()) return bson::Value::of(value.number());
  return bson::Value(value);
}

template <class Fields>
auto* find_field(Fields& fields, std::string_view member_path) {
  const std::size_t dot = member_path.find('.');
  const std::string_view head = member_path.substr(0, dot);
  const auto it = std::find_if(fields.begin(), fields.end(),
                               [&](const FieldState& field) { return field.name == head; });
  using Pointer = decltype(&*it);
  if (it == fields.end()) return Pointer{};
  if (dot == std::string_view::npos) return &*it;
  return find_field(it->fields, member_path.substr(dot + 1));
}

void collect_encrypted(const std::vector<FieldState>& fields, const std::string& member_prefix,
                       const std::string& prefix, std::vector<EncryptedMember>& out) {
  for (const FieldState& field : fields) {
    if (field.encrypted) {
      out.push_back({.member_path = member_prefix + field.name,
                     .path = prefix + field.column,
                     .type = field.type,
                     .encrypted = *field.encrypted});
    } else {
      collect_encrypted(field.fields, member_prefix + field.name + ".", prefix + field.column + ".",
                        out);
    }
  }
}

std::string label_of(std::string_view app, std::string_view name) {
  return fmt::format("{}.{}", app, name);
}

}  // namespace

FieldState FieldState::parse(bson::View document) {
  FieldState field;
  field.name = text_member(document, "name", "a field");
  field.type = text_member(document, "type", fmt::format("field {}", field.name));
  field.column = field.name;
  if (!bson::type_from_alias(field.type)) {
    fail(fmt::format("field {} has the unknown type \"{}\"", field.name, field.type));
  }
  bson::Builder attributes;
  for (const bson::Element& element : document) {
    const std::string_view key = element.key();
    if (key == "name" || key == "type") continue;
    if (key == "default") {
      attributes.append(key, as_type(element.value(), field.type));
      continue;
    }
    if (key == "column") {
      field.column = text_member(document, key, field.name);
    } else if (key == "embedded") {
      field.embedded = text_member(document, key, field.name);
    } else if (key == "primary_key") {
      field.primary_key = flag_member(element, field.name);
    } else if (key == "null") {
      field.nullable = flag_member(element, field.name);
    } else if (key == "encrypted") {
      if (!element.is_document()) {
        fail(fmt::format("\"encrypted\" of field {} must be an object", field.name));
      }
      field.encrypted.emplace(element.as_document());
    } else if (key == "fields") {
      if (!element.is_array()) {
        fail(fmt::format("\"fields\" of field {} must be an array", field.name));
      }
      for (const bson::Element& nested : element.as_array()) {
        field.fields.push_back(FieldState::parse(nested.as_document()));
      }
    } else if (std::find(std::begin(kAttributes), std::end(kAttributes), key) !=
               std::end(kAttributes)) {
      attributes.append(element);
    } else {
      fail(fmt::format("field {} has the unknown attribute \"{}\"", field.name, key));
    }
  }
  field.attributes = attributes.finish();
  return field;
}

bson::Document FieldState::to_bson() const {
  bson::Builder out;
  out.append("name", name);
  if (column != name) out.append("column", column);
  out.append("type", type);
  if (primary_key) out.append("primary_key", true);
  if (nullable) out.append("null", true);
  out.append_all(attributes);
  if (encrypted) out.append("encrypted", *encrypted);
  if (!embedded.empty()) out.append("embedded", embedded);
  if (!fields.empty()) {
    out.open_array("fields");
    for (const FieldState& field : fields) out.push(field.to_bson());
    out.close();
  }
  return out.finish();
}

IndexState IndexState::parse(bson::View document) {
  IndexState index;
  index.name = text_member(document, "name", "an index");
  const bson::Element key = document["key"];
  if (!key.is_document() || key.as_document().empty()) {
    fail(fmt::format("index {} needs a \"key\" that is a non-empty object", index.name));
  }
  index.key = bson::Document(key.as_document());
  bson::Builder options;
  for (const bson::Element& element : document) {
    if (element.key() != "name" && element.key() != "key") options.append(element);
  }
  index.options = options.finish();
  return index;
}

bson::Document IndexState::to_bson() const {
  bson::Builder out;
  out.append("name", name).append("key", key).append_all(options);
  return out.finish();
}

std::vector<EncryptedMember> ModelState::encrypted_paths() const {
  std::vector<EncryptedMember> out;
  collect_encrypted(fields, "", "", out);
  out.insert(out.end(), removed_encrypted.begin(), removed_encrypted.end());
  return out;
}

bson::Document ModelState::encrypted_fields() const {
  bson::Builder out;
  out.open_array("fields");
  for (const EncryptedMember& field : encrypted_paths()) {
    out.push_document()
        .append("path", field.path)
        .append("bsonType", field.type)
        .append("keyAltName", collection + "." + field.path)
        .append_all(field.encrypted)
        .close();
  }
  out.close();
  return out.finish();
}

FieldState* ModelState::find(std::string_view member_path) {
  return find_field(fields, member_path);
}

const FieldState* ModelState::find(std::string_view member_path) const {
  return find_field(fields, member_path);
}

std::string StoredPath::text() const { return fmt::format("{}", fmt::join(columns, ".")); }

bool StoredPath::through_array() const {
  return std::find(in_array.begin(), in_array.end() - 1, true) != in_array.end() - 1;
}

StoredPath stored_path(const ModelState& model, std::string_view member_path) {
  StoredPath out;
  const std::vector<FieldState>* fields = &model.fields;
  std::string_view rest = member_path;
  bool encrypted_above = false;
  while (true) {
    const std::size_t dot = rest.find('.');
    const FieldState* field = find_field(*fields, rest.substr(0, dot));
    if (!field) fail(fmt::format("{} has no field {}", model.label(), member_path));
    out.columns.push_back(field->column);
    out.in_array.push_back(field->is_array());
    out.below_encrypted = encrypted_above;
    if (dot == std::string_view::npos) return out;
    encrypted_above = encrypted_above || field->encrypted;
    fields = &field->fields;
    rest.remove_prefix(dot + 1);
  }
}

ModelState* State::find(std::string_view app, std::string_view name) {
  const auto it = models_.find(label_of(app, name));
  return it == models_.end() ? nullptr : &it->second;
}

const ModelState* State::find(std::string_view app, std::string_view name) const {
  return const_cast<State*>(this)->find(app, name);
}

ModelState& State::get(std::string_view app, std::string_view name) {
  ModelState* model = find(app, name);
  if (!model) fail(fmt::format("there is no model {}", label_of(app, name)));
  return *model;
}

const ModelState& State::get(std::string_view app, std::string_view name) const {
  return const_cast<State*>(this)->get(app, name);
}

void State::add(ModelState model) {
  const std::string label = model.label();
  if (!models_.emplace(label, std::move(model)).second) {
    fail(fmt::format("there is already a model {}", label));
  }
}

void State::remove(std::string_view app, std::string_view name) {
  get(app, name);
  models_.erase(label_of(app, name));
}

}  // namespace quern::migrations
