// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/bson/types.h"

#include <bson/bson.h>

#include <array>
#include <string>

#include "quern/base/error.h"

namespace quern::bson {
namespace {

struct Name {
  Type type;
  std::string_view alias;
};

constexpr std::array kNames = {
    Name{Type::kEnd, "missing"},         Name{Type::kDouble, "double"},
    Name{Type::kString, "string"},       Name{Type::kDocument, "object"},
    Name{Type::kArray, "array"},         Name{Type::kBinary, "binData"},
    Name{Type::kUndefined, "undefined"}, Name{Type::kObjectId, "objectId"},
    Name{Type::kBool, "bool"},           Name{Type::kDate, "date"},
    Name{Type::kNull, "null"},           Name{Type::kRegex, "regex"},
    Name{Type::kDbPointer, "dbPointer"}, Name{Type::kCode, "javascript"},
    Name{Type::kSymbol, "symbol"},       Name{Type::kCodeWithScope, "javascriptWithScope"},
    Name{Type::kInt32, "int"},           Name{Type::kTimestamp, "timestamp"},
    Name{Type::kInt64, "long"},          Name{Type::kDecimal128, "decimal"},
    Name{Type::kMinKey, "minKey"},       Name{Type::kMaxKey, "maxKey"},
};

}  // namespace

std::string_view alias(Type type) {
  for (const Name& name : kNames) {
    if (name.type == type) return name.alias;
  }
  return "unknown";
}

std::optional<Type> type_from_alias(std::string_view alias) {
  for (const Name& name : kNames) {
    if (name.alias == alias && name.type != Type::kEnd) return name.type;
  }
  return std::nullopt;
}

bool is_valid_type(std::uint8_t byte) {
  return (byte >= 0x01 && byte <= 0x13) || byte == 0x7F || byte == 0xFF;
}

Decimal128 Decimal128::parse(std::string_view text) {
  bson_decimal128_t value;
  if (!bson_decimal128_from_string_w_len(text.data(), static_cast<int>(text.size()), &value)) {
    throw Error(ErrorCode::kBadValue, "not the text of a decimal number of at most 34 digits");
  }
  return {value.low, value.high};
}

std::string Decimal128::to_string() const {
  const bson_decimal128_t value{low, high};
  char text[BSON_DECIMAL128_STRING];
  bson_decimal128_to_string(&value, text);
  return text;
}

}  // namespace quern::bson
