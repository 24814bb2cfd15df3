// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "migrations/operations/convert.h"

#include <fmt/format.h>

#include <optional>

namespace quern::migrations {
namespace {

// The number types in the order in which each holds all values of those before it. A long does not
// fit a double in general, so double only follows int.
bool widens(const std::string& from, const std::string& to) {
  if (from == "int") return to == "long" || to == "double" || to == "decimal";
  if (from == "long") return to == "decimal";
  return false;
}

}  // namespace

bool can_convert(const FieldState& from, const FieldState& to) {
  if (from.type != to.type) return widens(from.type, to.type);
  const bson::Element old_items = from.attributes["items"];
  const bson::Element new_items = to.attributes["items"];
  if (old_items.missing() != new_items.missing()) return false;
  return old_items.missing() ||
         old_items.as_document()["type"].as_string() == new_items.as_document()["type"].as_string();
}

std::string conversion_refusal(const std::string& field, const FieldState& from,
                               const FieldState& to) {
  return fmt::format(
      "{}: stored values of type {} cannot be turned into {} without a rule of yours. Add a member "
      "of the new type, copy the values in a RunFunction, then remove the old member.",
      field, from.is_array() ? "array of others" : from.type, to.type);
}

bson::Value converted(bson::ValueView value, const std::string& type) {
  if (!value.is_number() || bson::alias(value.type()) == type) return {};
  if (type == "double") {
    return value.type() == bson::Type::kInt32 ? bson::Value::of(value.number()) : bson::Value();
  }
  const std::optional<std::int64_t> whole = value.whole_number();
  if (!whole) return {};
  if (type == "long") return bson::Value::of(*whole);
  if (type == "decimal") return bson::Value::of(bson::Decimal128::parse(std::to_string(*whole)));
  if (type == "int" && *whole == static_cast<std::int32_t>(*whole)) {
    return bson::Value::of(static_cast<std::int32_t>(*whole));
  }
  return {};
}

}  // namespace quern::migrations
