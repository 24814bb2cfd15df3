// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/match/type_set.h"

#include "quern/base/error.h"
#include "query/match/match_parser.h"

namespace quern::query {

using bson::Type;

void TypeSet::add_alias(std::string_view alias) {
  if (alias == "number") {
    for (const Type type : {Type::kInt32, Type::kInt64, Type::kDouble, Type::kDecimal128})
      add(type);
    return;
  }
  const auto type = bson::type_from_alias(alias);
  if (!type || *type == Type::kEnd) bad_value("Unknown type name alias");
  add(*type);
}

void TypeSet::add_one(bson::ValueView spec) {
  if (spec.is_string()) return add_alias(spec.as_string());
  if (!spec.is_number()) {
    throw Error(ErrorCode::kTypeMismatch, "type must be represented as a number or a string");
  }
  const auto code = spec.whole_number();
  if (code == 0) bad_value("Invalid numerical type code: 0. Instead use {$exists:false}.");
  if (code == -1) return add(Type::kMinKey);
  if (!code || *code < 0 || *code > 127 || !bson::is_valid_type(static_cast<std::uint8_t>(*code))) {
    bad_value("Invalid numerical type code");
  }
  add(static_cast<Type>(*code));
}

TypeSet TypeSet::parse(bson::ValueView spec) {
  TypeSet set;
  if (!spec.is_array()) {
    set.add_one(spec);
    return set;
  }
  for (const bson::Element& member : spec.as_array()) set.add_one(member.value());
  if (set.count() == 0) bad_value("$type must match at least one type");
  return set;
}

}  // namespace quern::query
