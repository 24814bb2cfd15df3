// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/bson/compare.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "bson/decimal.h"

namespace quern::bson {

int canonical_rank(Type type) {
  switch (type) {
    case Type::kMinKey:
      return 0;
    case Type::kEnd:
    case Type::kUndefined:
      return 1;
    case Type::kNull:
      return 2;
    case Type::kInt32:
    case Type::kInt64:
    case Type::kDouble:
    case Type::kDecimal128:
      return 3;
    case Type::kString:
    case Type::kSymbol:
      return 4;
    case Type::kDocument:
      return 5;
    case Type::kArray:
      return 6;
    case Type::kBinary:
      return 7;
    case Type::kObjectId:
      return 8;
    case Type::kBool:
      return 9;
    case Type::kDate:
      return 10;
    case Type::kTimestamp:
      return 11;
    case Type::kRegex:
      return 12;
    case Type::kDbPointer:
      return 13;
    case Type::kCode:
      return 14;
    case Type::kCodeWithScope:
      return 15;
    case Type::kMaxKey:
      return 16;
  }
  return 17;
}

namespace {

std::weak_ordering compare_bytes(BytesView a, BytesView b) {
  const std::size_t common = std::min(a.size(), b.size());
  const int order = common == 0 ? 0 : std::memcmp(a.data(), b.data(), common);
  if (order != 0) return order <=> 0;
  return a.size() <=> b.size();
}
std::weak_ordering compare_text(std::string_view a, std::string_view b) {
  return compare_bytes(as_bytes(a), as_bytes(b));
}

std::weak_ordering compare_doubles(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return !std::isnan(a) <=> !std::isnan(b);
  return a < b   ? std::weak_ordering::less
         : a > b ? std::weak_ordering::greater
                 : std::weak_ordering::equivalent;
}

// Exact, although not every int64 is a double.
std::weak_ordering compare_int_double(std::int64_t a, double b) {
  if (std::isnan(b)) return std::weak_ordering::greater;
  if (b >= 0x1p63) return std::weak_ordering::less;
  if (b < -0x1p63) return std::weak_ordering::greater;
  const double whole = std::trunc(b);
  const auto order = a <=> static_cast<std::int64_t>(whole);
  return order != 0 ? std::weak_ordering(order) : compare_doubles(0, b - whole);
}

std::int64_t integer(ValueView v) { return v.type() == Type::kInt32 ? v.as_int32() : v.as_int64(); }

Decimal128 to_decimal(ValueView v) {
  if (v.type() == Type::kDecimal128) return v.as_decimal();
  return v.type() == Type::kDouble ? decimal_from(v.as_double()) : decimal_from(integer(v));
}

std::weak_ordering compare_numbers(ValueView a, ValueView b) {
  if (a.type() == Type::kDecimal128 || b.type() == Type::kDecimal128) {
    return compare_decimals(to_decimal(a), to_decimal(b));
  }
  if (a.type() == Type::kDouble && b.type() == Type::kDouble) {
    return compare_doubles(a.as_double(), b.as_double());
  }
  if (a.type() == Type::kDouble) return 0 <=> compare_int_double(integer(b), a.as_double());
  if (b.type() == Type::kDouble) return compare_int_double(integer(a), b.as_double());
  return integer(a) <=> integer(b);
}

// Element by element; the keys of an array are its indexes and say nothing.
std::weak_ordering compare_arrays(View a, View b) {
  auto x = a.begin();
  auto y = b.begin();
  for (; x != a.end() && y != b.end(); ++x, ++y) {
    if (const auto order = compare(x->value(), y->value()); order != 0) return order;
  }
  return (x != a.end()) <=> (y != b.end());
}

std::string_view text_of(ValueView v) {
  return v.type() == Type::kSymbol ? v.as_symbol() : v.as_string();
}

}  // namespace

std::weak_ordering compare(ValueView a, ValueView b) {
  const int rank = canonical_rank(a.type());
  if (const auto order = rank <=> canonical_rank(b.type()); order != 0) return order;
  switch (a.type()) {
    case Type::kEnd:
    case Type::kUndefined:
    case Type::kNull:
    case Type::kMinKey:
    case Type::kMaxKey:
      return std::weak_ordering::equivalent;
    case Type::kInt32:
    case Type::kInt64:
    case Type::kDouble:
    case Type::kDecimal128:
      return compare_numbers(a, b);
    case Type::kString:
    case Type::kSymbol:
      return compare_text(text_of(a), text_of(b));
    case Type::kDocument:
      return compare(a.as_document(), b.as_document());
    case Type::kArray:
      return compare_arrays(a.as_array(), b.as_array());
    case Type::kBinary: {
      const Binary x = a.as_binary();
      const Binary y = b.as_binary();
      if (const auto order = x.bytes.size() <=> y.bytes.size(); order != 0) return order;
      if (const auto order = x.subtype <=> y.subtype; order != 0) return order;
      return compare_bytes(x.bytes, y.bytes);
    }
    case Type::kObjectId:
      return compare_bytes(a.bytes(), b.bytes());
    case Type::kBool:
      return a.as_bool() <=> b.as_bool();
    case Type::kDate:
      return a.as_date() <=> b.as_date();
    case Type::kTimestamp:
      return a.as_timestamp() <=> b.as_timestamp();
    case Type::kRegex: {
      const Regex x = a.as_regex();
      const Regex y = b.as_regex();
      if (const auto order = compare_text(x.pattern, y.pattern); order != 0) return order;
      return compare_text(x.options, y.options);
    }
    case Type::kDbPointer: {
      const DbPointer x = a.as_db_pointer();
      const DbPointer y = b.as_db_pointer();
      if (const auto order = x.ns.size() <=> y.ns.size(); order != 0) return order;
      if (const auto order = compare_text(x.ns, y.ns); order != 0) return order;
      return compare_bytes(x.id.bytes(), y.id.bytes());
    }
    case Type::kCode:
      return compare_text(a.as_code(), b.as_code());
    case Type::kCodeWithScope: {
      const auto x = a.as_code_with_scope();
      const auto y = b.as_code_with_scope();
      if (const auto order = compare_text(x.code, y.code); order != 0) return order;
      return compare(x.scope, y.scope);
    }
  }
  return std::weak_ordering::equivalent;
}

std::weak_ordering compare(View a, View b) {
  auto x = a.begin();
  auto y = b.begin();
  for (; x != a.end() && y != b.end(); ++x, ++y) {
    if (const auto order = canonical_rank(x->type()) <=> canonical_rank(y->type()); order != 0) {
      return order;
    }
    if (const auto order = compare_text(x->key(), y->key()); order != 0) return order;
    if (const auto order = compare(x->value(), y->value()); order != 0) return order;
  }
  return (x != a.end()) <=> (y != b.end());
}

namespace {

std::size_t mix(std::size_t seed, std::size_t value) {
  return (seed ^ value) * 0x9E3779B97F4A7C15 + (seed >> 29);
}
std::size_t hash_bytes(BytesView bytes) { return std::hash<std::string_view>()(as_text(bytes)); }

std::size_t hash_document(View document) {
  std::size_t seed = 0;
  for (const Element& element : document) {
    seed = mix(mix(seed, hash_bytes(as_bytes(element.key()))), hash(element.value()));
  }
  return seed;
}

std::size_t hash_array(View array) {
  std::size_t seed = 0;
  for (const Element& element : array) seed = mix(seed, hash(element.value()));
  return seed;
}

// Integers and doubles that hold the same whole number must agree, and so must every other number
// with its decimal form.
std::size_t hash_number(ValueView value) {
  if (const auto whole = value.whole_number()) return std::hash<std::int64_t>()(*whole);
  const DecimalParts parts = normalise(decompose(to_decimal(value)));
  return mix(
      mix(static_cast<std::size_t>(parts.coefficient), static_cast<std::size_t>(parts.exponent)),
      static_cast<std::size_t>(parts.kind) * 2 + parts.negative);
}

}  // namespace

std::size_t hash(ValueView value) {
  const auto rank = static_cast<std::size_t>(canonical_rank(value.type()));
  if (value.is_number()) return mix(rank, hash_number(value));
  switch (value.type()) {
    case Type::kString:
    case Type::kSymbol:
      return mix(rank, hash_bytes(as_bytes(text_of(value))));
    case Type::kDocument:
      return mix(rank, hash_document(value.as_document()));
    case Type::kArray:
      return mix(rank, hash_array(value.as_array()));
    case Type::kCodeWithScope:
      return mix(rank, hash_document(value.as_code_with_scope().scope));
    default:
      return mix(rank, hash_bytes(value.bytes()));
  }
}

}  // namespace quern::bson
