// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Random BSON values of every type that can be encrypted.
#ifndef QUERN_CRYPTO_TESTING_VALUES_H_
#define QUERN_CRYPTO_TESTING_VALUES_H_

#include <bit>
#include <random>
#include <string>

#include "quern/bson/document.h"

namespace quern::crypto::testing {

using Generator = std::mt19937_64;

inline constexpr bson::Type kEncryptableTypes[] = {
    bson::Type::kDouble,    bson::Type::kString,        bson::Type::kDocument,
    bson::Type::kArray,     bson::Type::kBinary,        bson::Type::kObjectId,
    bson::Type::kBool,      bson::Type::kDate,          bson::Type::kRegex,
    bson::Type::kDbPointer, bson::Type::kCode,          bson::Type::kSymbol,
    bson::Type::kInt32,     bson::Type::kCodeWithScope, bson::Type::kTimestamp,
    bson::Type::kInt64,     bson::Type::kDecimal128,
};

inline std::string random_text(Generator& random) {
  static constexpr std::string_view kPieces[] = {"a", "Z", "0", " ", "é", "ß", "中", "🙂", "\n"};
  std::string text;
  for (std::size_t count = random() % 40; count > 0; --count) {
    text += kPieces[random() % std::size(kPieces)];
  }
  return text;
}

inline bson::Value random_value(bson::Type type, Generator& random) {
  using bson::Value;
  const std::uint64_t bits = random();
  const std::string text = random_text(random);
  Bytes bytes(random() % 70);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  Bytes twelve(12, static_cast<std::uint8_t>(bits));
  const ObjectId id = ObjectId::from_bytes(twelve);
  switch (type) {
    case bson::Type::kDouble:
      return Value::of(std::bit_cast<double>(bits));
    case bson::Type::kString:
      return Value::of(text);
    case bson::Type::kDocument:
      return Value::of(bson::doc("text", text, "deep", bson::doc("n", std::int64_t(bits))));
    case bson::Type::kArray:
      return bson::array(text, std::int32_t(bits), bson::doc("x", text));
    case bson::Type::kBinary:
      return Value::of(
          bson::Binary{static_cast<bson::BinarySubtype>(bits % 2 ? 0x00 : 0x80), bytes});
    case bson::Type::kObjectId:
      return Value::of(id);
    case bson::Type::kBool:
      return Value::of(bits % 2 == 1);
    case bson::Type::kDate:
      return Value::of(bson::Date{std::int64_t(bits)});
    case bson::Type::kRegex:
      return Value::of(bson::Regex{text, "im"});
    case bson::Type::kDbPointer:
      return Value::of(bson::DbPointer{text, id});
    case bson::Type::kCode:
      return Value::of(bson::Code{text});
    case bson::Type::kSymbol:
      return Value::of(bson::Symbol{text});
    case bson::Type::kInt32:
      return Value::of(std::int32_t(bits));
    case bson::Type::kTimestamp:
      return Value::of(bson::Timestamp{std::uint32_t(bits), std::uint32_t(bits >> 32)});
    case bson::Type::kInt64:
      return Value::of(std::int64_t(bits));
    case bson::Type::kDecimal128:
      return Value::of(bson::Decimal128{bits, bits});
    default: {  // code with scope: size, code, scope
      const bson::Value code = Value::of(text);
      const bson::Document scope = bson::doc("n", std::int32_t(bits));
      Bytes all(4);
      const BytesView code_bytes = code.view().bytes();
      all.insert(all.end(), code_bytes.begin(), code_bytes.end());
      all.insert(all.end(), scope.bytes().begin(), scope.bytes().end());
      store_le(all.data(), static_cast<std::uint32_t>(all.size()));
      return Value(bson::Type::kCodeWithScope, all);
    }
  }
}

}  // namespace quern::crypto::testing

#endif  // QUERN_CRYPTO_TESTING_VALUES_H_
