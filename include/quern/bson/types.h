// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// BSON types (bsonspec.org, version 1.1) and the small values that have no C++ type of their own.
#ifndef QUERN_BSON_TYPES_H_
#define QUERN_BSON_TYPES_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "quern/base/bytes.h"
#include "quern/base/export.h"
#include "quern/base/object_id.h"

namespace quern::bson {

enum class Type : std::uint8_t {
  kEnd = 0x00,  // of a missing value: Element and ValueView are in this state when empty
  kDouble = 0x01,
  kString = 0x02,
  kDocument = 0x03,
  kArray = 0x04,
  kBinary = 0x05,
  kUndefined = 0x06,
  kObjectId = 0x07,
  kBool = 0x08,
  kDate = 0x09,
  kNull = 0x0A,
  kRegex = 0x0B,
  kDbPointer = 0x0C,
  kCode = 0x0D,
  kSymbol = 0x0E,
  kCodeWithScope = 0x0F,
  kInt32 = 0x10,
  kTimestamp = 0x11,
  kInt64 = 0x12,
  kDecimal128 = 0x13,
  kMaxKey = 0x7F,
  kMinKey = 0xFF,
};

// The alias that $type and encryptedFields use: "double", "string", "object", "binData", "int", …;
// "missing" for kEnd.
QUERN_EXPORT std::string_view alias(Type type);
QUERN_EXPORT std::optional<Type> type_from_alias(std::string_view alias);
QUERN_EXPORT bool is_valid_type(std::uint8_t byte);
inline bool is_number(Type t) {
  return t == Type::kInt32 || t == Type::kInt64 || t == Type::kDouble || t == Type::kDecimal128;
}

enum class BinarySubtype : std::uint8_t {
  kGeneric = 0x00,
  kFunction = 0x01,
  kOldBinary = 0x02,
  kOldUuid = 0x03,
  kUuid = 0x04,
  kMd5 = 0x05,
  kEncrypted = 0x06,
  kColumn = 0x07,
  kSensitive = 0x08,
  kUser = 0x80,
};

struct Binary {  // borrowed
  BinarySubtype subtype = BinarySubtype::kGeneric;
  BytesView bytes;
};
struct Regex {  // borrowed
  std::string_view pattern;
  std::string_view options;
};
struct DbPointer {  // borrowed
  std::string_view ns;
  ObjectId id;
};
struct Code {  // borrowed
  std::string_view text;
};
struct Symbol {  // borrowed
  std::string_view text;
};
struct Timestamp {
  std::uint32_t increment = 0;  // this order makes the defaulted bytes those of BSON
  std::uint32_t seconds = 0;
  friend auto operator<=>(const Timestamp& a, const Timestamp& b) {
    return std::pair(a.seconds, a.increment) <=> std::pair(b.seconds, b.increment);
  }
  friend bool operator==(const Timestamp&, const Timestamp&) = default;
};
struct Date {
  std::int64_t milliseconds = 0;  // since 1970-01-01 UTC
  friend auto operator<=>(const Date&, const Date&) = default;
};
struct Null {};
struct Undefined {};
struct MinKey {};
struct MaxKey {};

// IEEE 754-2008 decimal128 in the binary integer (BID) encoding, as BSON stores it.
struct QUERN_EXPORT Decimal128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  static Decimal128 parse(std::string_view text);  // throws Error(BadValue)
  std::string to_string() const;                   // the specification's text form
  friend bool operator==(const Decimal128&, const Decimal128&) = default;  // of bits, not values
};

}  // namespace quern::bson

#endif  // QUERN_BSON_TYPES_H_
