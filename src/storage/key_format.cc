// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "storage/key_format.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "bson/decimal.h"
#include "quern/bson/compare.h"

namespace quern::storage {
namespace {

using bson::Type;
using bson::ValueView;

// First byte of an encoding. Gaps leave room for types to come.
enum Tag : std::uint8_t {
  kTagMinKey = 0x10,
  kTagUndefined = 0x18,
  kTagNull = 0x20,
  kTagNaN = 0x28,
  kTagNegative = 0x29,
  kTagZero = 0x2A,
  kTagPositive = 0x2B,
  kTagString = 0x38,
  kTagDocument = 0x40,
  kTagArray = 0x48,
  kTagBinary = 0x50,
  kTagObjectId = 0x58,
  kTagFalse = 0x60,
  kTagTrue = 0x61,
  kTagDate = 0x68,
  kTagTimestamp = 0x70,
  kTagRegex = 0x78,
  kTagDbPointer = 0x80,
  kTagCode = 0x88,
  kTagCodeWithScope = 0x90,
  kTagMaxKey = 0xF0,
};

// The lowest size bytes of a number, the highest first.
void append_big_endian(std::string& out, std::uint64_t number, int size) {
  char bytes[8];
  for (int i = 0; i < size; ++i) bytes[i] = static_cast<char>(number >> 8 * (size - 1 - i));
  out.append(bytes, static_cast<std::size_t>(size));
}

class KeyWriter {
 public:
  explicit KeyWriter(std::string& out) : out_(out) {}

  void value(ValueView v);

 private:
  void byte(std::uint8_t b) { out_.push_back(static_cast<char>(b)); }
  void big_endian(std::uint64_t v, int size) { append_big_endian(out_, v, size); }
  // Bytes with each 00 written as 00 FF, ended by 00 00.
  void escaped(BytesView bytes) {
    while (!bytes.empty()) {
      const void* zero = std::memchr(bytes.data(), 0, bytes.size());
      const std::size_t clean =
          zero == nullptr
              ? bytes.size()
              : static_cast<std::size_t>(static_cast<const std::uint8_t*>(zero) - bytes.data());
      out_.append(as_text(bytes.first(clean)));
      if (zero == nullptr) break;
      byte(0x00);
      byte(0xFF);
      bytes = bytes.subspan(clean + 1);
    }
    byte(0x00);
    byte(0x00);
  }
  // Text that cannot hold NUL.
  void terminated(std::string_view text) {
    out_.append(text);
    byte(0x00);
  }
  void integer(std::int64_t v);
  void floating(double v);
  void decimal(bson::Decimal128 v);
  void magnitude(double v) { big_endian(std::bit_cast<std::uint64_t>(v), 8); }
  void digits(const bson::DecimalParts& parts);
  void invert_from(std::size_t start) {
    for (std::size_t i = start; i < out_.size(); ++i) out_[i] = static_cast<char>(~out_[i]);
  }
  void document(bson::View v);
  void array(bson::View v);
  void enter() {
    if (++depth_ > bson::Limits().max_depth) {
      throw Error(ErrorCode::kBadValue, "a value is nested too deeply to be an index key");
    }
  }

  std::string& out_;
  int depth_ = 0;
};

void KeyWriter::integer(std::int64_t v) {
  if (v == 0) return byte(kTagZero);
  byte(v < 0 ? kTagNegative : kTagPositive);
  const std::size_t start = out_.size();
  const std::uint64_t size =
      v < 0 ? ~static_cast<std::uint64_t>(v) + 1 : static_cast<std::uint64_t>(v);
  // Drop the bits that a double has no room for: this truncates towards zero.
  const int excess = std::max(0, 64 - 53 - std::countl_zero(size));
  const std::uint64_t truncated = size >> excess << excess;
  magnitude(static_cast<double>(truncated));
  if (truncated == size) {
    byte(0x00);
  } else {
    bson::DecimalParts parts;
    parts.coefficient = size;
    digits(bson::normalise(parts));
  }
  if (v < 0) invert_from(start);
}

void KeyWriter::floating(double v) {
  if (std::isnan(v)) return byte(kTagNaN);
  if (v == 0) return byte(kTagZero);
  byte(v < 0 ? kTagNegative : kTagPositive);
  const std::size_t start = out_.size();
  magnitude(std::fabs(v));
  byte(0x00);
  if (v < 0) invert_from(start);
}

// The double at or next below a decimal's magnitude, where a double means its decimal of 34 digits:
// the order of bson::compare.
double truncate_to_double(bson::Decimal128 magnitude, bool& exact) {
  double at = bson::decimal_to_double(magnitude);
  auto order = bson::compare_decimals(bson::decimal_from(at), magnitude);
  while (order > 0) {
    at = std::nextafter(at, 0.0);
    order = bson::compare_decimals(bson::decimal_from(at), magnitude);
  }
  while (order < 0) {
    const double above = std::nextafter(at, HUGE_VAL);
    const auto next = bson::compare_decimals(bson::decimal_from(above), magnitude);
    if (next > 0) break;
    at = above;
    order = next;
  }
  exact = order == 0;
  return at;
}

void KeyWriter::decimal(bson::Decimal128 v) {
  using Kind = bson::DecimalParts::Kind;
  bson::DecimalParts parts = bson::normalise(bson::decompose(v));
  if (parts.kind == Kind::kNaN) return byte(kTagNaN);
  if (parts.kind == Kind::kFinite && parts.coefficient == 0) return byte(kTagZero);
  const bool negative = parts.negative;
  parts.negative = false;
  byte(negative ? kTagNegative : kTagPositive);
  const std::size_t start = out_.size();
  bool exact = true;
  magnitude(parts.kind == Kind::kInfinity ? HUGE_VAL
                                          : truncate_to_double(bson::compose(parts), exact));
  if (exact) {
    byte(0x00);
  } else {
    digits(parts);
  }
  if (negative) invert_from(start);
}

// What lies above the double: the position of the first digit (biased, two bytes; its high byte is
// never 00), then two digits a byte, each pair plus one, ended by 00.
void KeyWriter::digits(const bson::DecimalParts& parts) {
  char text[40];
  int count = 0;
  for (bson::uint128 rest = parts.coefficient; rest != 0; rest /= 10) {
    text[count++] = static_cast<char>(rest % 10);
  }
  constexpr int kBias = 0x4000;
  big_endian(static_cast<std::uint64_t>(std::int64_t{parts.exponent} + count + kBias), 2);
  for (int i = count - 1; i >= 0; i -= 2) {
    const int pair = text[i] * 10 + (i > 0 ? text[i - 1] : 0);
    byte(static_cast<std::uint8_t>(pair + 1));
  }
  byte(0x00);
}

// Each member: rank of its type plus one, key, value; ended by 00.
void KeyWriter::document(bson::View v) {
  enter();
  for (const bson::Element& element : v) {
    byte(static_cast<std::uint8_t>(bson::canonical_rank(element.type()) + 1));
    terminated(element.key());
    value(element.value());
  }
  byte(0x00);
  --depth_;
}

// The values one after the other; ended by 00, which is no tag.
void KeyWriter::array(bson::View v) {
  enter();
  for (const bson::Element& element : v) value(element.value());
  byte(0x00);
  --depth_;
}

void KeyWriter::value(ValueView v) {
  switch (v.type()) {
    case Type::kMinKey:
      return byte(kTagMinKey);
    case Type::kEnd:
    case Type::kUndefined:
      return byte(kTagUndefined);
    case Type::kNull:
      return byte(kTagNull);
    case Type::kInt32:
      return integer(v.as_int32());
    case Type::kInt64:
      return integer(v.as_int64());
    case Type::kDouble:
      return floating(v.as_double());
    case Type::kDecimal128:
      return decimal(v.as_decimal());
    case Type::kString:
      byte(kTagString);
      return escaped(as_bytes(v.as_string()));
    case Type::kSymbol:
      byte(kTagString);
      return escaped(as_bytes(v.as_symbol()));
    case Type::kDocument:
      byte(kTagDocument);
      return document(v.as_document());
    case Type::kArray:
      byte(kTagArray);
      return array(v.as_array());
    case Type::kBinary: {
      const bson::Binary binary = v.as_binary();
      byte(kTagBinary);
      big_endian(binary.bytes.size(), 4);
      byte(static_cast<std::uint8_t>(binary.subtype));
      out_.append(as_text(binary.bytes));
      return;
    }
    case Type::kObjectId:
      byte(kTagObjectId);
      out_.append(as_text(v.bytes()));
      return;
    case Type::kBool:
      return byte(v.as_bool() ? kTagTrue : kTagFalse);
    case Type::kDate:
      byte(kTagDate);
      return big_endian(
          static_cast<std::uint64_t>(v.as_date().milliseconds) ^ std::uint64_t{1} << 63, 8);
    case Type::kTimestamp:
      byte(kTagTimestamp);
      big_endian(v.as_timestamp().seconds, 4);
      return big_endian(v.as_timestamp().increment, 4);
    case Type::kRegex:
      byte(kTagRegex);
      terminated(v.as_regex().pattern);
      return terminated(v.as_regex().options);
    case Type::kDbPointer: {
      const bson::DbPointer pointer = v.as_db_pointer();
      byte(kTagDbPointer);
      big_endian(pointer.ns.size(), 4);
      out_.append(pointer.ns);
      out_.append(as_text(pointer.id.bytes()));
      return;
    }
    case Type::kCode:
      byte(kTagCode);
      return escaped(as_bytes(v.as_code()));
    case Type::kCodeWithScope: {
      const auto code = v.as_code_with_scope();
      byte(kTagCodeWithScope);
      escaped(as_bytes(code.code));
      return document(code.scope);
    }
    case Type::kMaxKey:
      return byte(kTagMaxKey);
  }
}

}  // namespace

void append_key(std::string& out, ValueView value, bool descending) {
  const std::size_t start = out.size();
  KeyWriter(out).value(value);
  if (descending) {
    for (std::size_t i = start; i < out.size(); ++i) out[i] = static_cast<char>(~out[i]);
  }
}

void append_table(std::string& out, std::uint32_t table) {
  append_big_endian(out, table, kTableSize);
}

std::uint32_t table_of(BytesView key) {
  std::uint32_t table = 0;
  for (const std::uint8_t byte : key.first(kTableSize)) table = table << 8 | byte;
  return table;
}

bool make_successor(std::string& prefix) {
  while (!prefix.empty() && static_cast<std::uint8_t>(prefix.back()) == 0xFF) prefix.pop_back();
  if (prefix.empty()) return false;
  prefix.back() = static_cast<char>(static_cast<std::uint8_t>(prefix.back()) + 1);
  return true;
}

}  // namespace quern::storage
