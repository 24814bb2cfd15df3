// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "migrations/state.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

#include "bson/strict_reader.h"
#include "quern/base/error.h"
#include "schema/encrypted_fields.h"

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

constexpr auto kCode = static_cast<std::int32_t>(ErrorCode::kFailedToParse);

// What a field may have. A name that is not here is a typing error.
constexpr std::string_view kFieldMembers[] = {
    "name",    "column",     "type",       "primary_key",    "null",
    "blank",   "max_length", "max_digits", "decimal_places", "choices",
    "default", "items",      "encrypted",  "embedded",       "fields"};
constexpr std::string_view kItemMembers[] = {"type",       "null",           "blank",  "max_length",
                                             "max_digits", "decimal_places", "choices"};
// The options of an index, as createIndexes has them.
constexpr std::string_view kIndexMembers[] = {"name",
                                              "key",
                                              "unique",
                                              "sparse",
                                              "partialFilterExpression",
                                              "expireAfterSeconds",
                                              "hidden",
                                              "collation",
                                              "storageEngine",
                                              "wildcardProjection",
                                              "weights",
                                              "default_language",
                                              "language_override",
                                              "textIndexVersion",
                                              "2dsphereIndexVersion",
                                              "bits",
                                              "min",
                                              "max"};

// Throws unless the members have those names, each once.
void expect_names(bson::View document, const std::string& where,
                  std::span<const std::string_view> names) {
  bson::require_members(
      document, where, bson::Members{names},
      {.unknown = {kCode, "{where} has the unknown attribute \"{name}\".{nearest}"},
       .repeated = {kCode, "{where} has the attribute \"{name}\" twice"}});
}

// Throws unless an attribute that validation knows has the type that it should.
void check_attribute(const bson::Element& element, const std::string& where) {
  const std::string_view key = element.key();
  const auto expect = [&](bool good, std::string_view what) {
    if (!good) fail(fmt::format("\"{}\" of {} must be {}", key, where, what));
  };
  if (key == "blank" || key == "null") {
    expect(element.type() == bson::Type::kBool, "true or false");
  } else if (key == "choices") {
    expect(element.is_array(), "an array");
  } else if (key == "max_length" || key == "max_digits" || key == "decimal_places") {
    expect(element.whole_number().value_or(-1) >= 0, "a number that is not negative");
  }
}

// Of an array's elements that are no structs.
void check_items(const bson::Element& items, const std::string& where) {
  if (!items.is_document()) fail(fmt::format("\"items\" of {} must be an object", where));
  const std::string what = fmt::format("\"items\" of {}", where);
  expect_names(items.as_document(), what, kItemMembers);
  const bson::Element type = items.as_document()["type"];
  if (!type.is_string() || !bson::type_from_alias(type.as_string())) {
    fail(fmt::format("{} needs a \"type\" that is the alias of a BSON type", what));
  }
  for (const bson::Element& element : items.as_document()) check_attribute(element, what);
}

// Throws for a definition that encryptedFields could not have.
void check_encrypted(const bson::Element& element, const std::string& type,
                     const std::string& where) {
  if (!element.is_document()) fail(fmt::format("\"encrypted\" of {} must be an object", where));
  bson::Builder out;
  out.open_array("fields").push_document();
  out.append("path", "f").append("bsonType", type).append("keyAltName", "k");
  out.append_all(element.as_document()).close().close();
  const std::string what = fmt::format("\"encrypted\" of {}", where);
  schema::EncryptedFields::parse(out.finish().view(), "c",
                                 {.where = what, .allow_key_alt_name = true});
}

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

bson::Value as_field_type(bson::ValueView value, const FieldState& field) {
  const auto members = [&](bson::View document) {
    bson::Builder out;
    for (const bson::Element& element : document) {
      const auto member =
          std::find_if(field.fields.begin(), field.fields.end(),
                       [&](const FieldState& other) { return other.column == element.key(); });
      if (member == field.fields.end()) {
        out.append(element);
      } else {
        out.append(element.key(), as_field_type(element.value(), *member));
      }
    }
    return out.finish();
  };
  if (value.is_document()) return bson::Value::of(members(value.as_document()));
  if (!value.is_array()) return as_type(value, field.type);
  const bson::Element items = field.attributes["items"];
  bson::Builder out;
  out.open_array("");
  for (const bson::Element& element : value.as_array()) {
    if (element.is_document() && !field.fields.empty()) {
      out.push(members(element.as_document()));
    } else if (items.is_document()) {
      out.push(as_type(element.value(), items.as_document()["type"].as_string()));
    } else {
      out.push(element.value());
    }
  }
  out.close();
  return bson::Value(out.finish().view().front().value());
}

FieldState FieldState::parse(bson::View document) {
  FieldState field;
  field.name = text_member(document, "name", "a field");
  const std::string where = fmt::format("field {}", field.name);
  field.type = text_member(document, "type", where);
  field.column = field.name;
  expect_names(document, where, kFieldMembers);
  if (!bson::type_from_alias(field.type)) {
    fail(fmt::format("field {} has the unknown type \"{}\"", field.name, field.type));
  }
  bson::Builder attributes;
  for (const bson::Element& element : document) {
    const std::string_view key = element.key();
    if (key == "name" || key == "type") continue;
    if (key == "default") {
      const bson::Value value = as_type(element.value(), field.type);
      if (bson::alias(value.type()) != field.type && !value.view().is_null()) {
        fail(fmt::format("\"default\" of {} must be of the field's type, {}, but is of type {}",
                         where, field.type, bson::alias(value.type())));
      }
      attributes.append(key, value);
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
      check_encrypted(element, field.type, where);
      field.encrypted.emplace(element.as_document());
    } else if (key == "fields") {
      if (!element.is_array()) {
        fail(fmt::format("\"fields\" of field {} must be an array", field.name));
      }
      for (const bson::Element& nested : element.as_array()) {
        if (!nested.is_document()) {
          fail(fmt::format("\"fields.{}\" of {} must be an object", nested.key(), where));
        }
        field.fields.push_back(FieldState::parse(nested.as_document()));
      }
    } else {
      if (key == "items") check_items(element, where);
      check_attribute(element, where);
      attributes.append(element);
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
  expect_names(document, fmt::format("index {}", index.name), kIndexMembers);
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

std::string StoredPath::text(std::size_t count) const {
  const auto end = columns.begin() + static_cast<std::ptrdiff_t>(std::min(count, columns.size()));
  return fmt::format("{}", fmt::join(columns.begin(), end, "."));
}

std::optional<std::size_t> StoredPath::enclosing() const {
  for (std::size_t i = 0; i + 1 < columns.size(); ++i) {
    if (in_array[i] || encrypted == i) return i;
  }
  return std::nullopt;
}

StoredPath stored_path(const ModelState& model, std::string_view member_path) {
  StoredPath out;
  const std::vector<FieldState>* fields = &model.fields;
  std::string_view rest = member_path;
  while (true) {
    const std::size_t dot = rest.find('.');
    const FieldState* field = find_field(*fields, rest.substr(0, dot));
    if (!field) fail(fmt::format("{} has no field {}", model.label(), member_path));
    out.columns.push_back(field->column);
    out.in_array.push_back(field->is_array());
    if (field->encrypted && !out.encrypted) out.encrypted = out.columns.size() - 1;
    if (dot == std::string_view::npos) return out;
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
