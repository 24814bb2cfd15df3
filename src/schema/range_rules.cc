// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Rules for range queries: the bounds, and the domain that they and the precision span. A domain of
// n values is encoded in bits(n) bits; trimFactor must leave at least one of them.
#include <bit>
#include <cmath>
#include <limits>
#include <optional>

#include "bson/decimal.h"
#include "quern/base/error.h"
#include "quern/bson/compare.h"
#include "schema/query_rules.h"

namespace quern::schema {
namespace {

using bson::Type;
using bson::uint128;
__extension__ using int128 = __int128;

int bits_of(uint128 largest) {
  const auto high = static_cast<std::uint64_t>(largest >> 64);
  return high != 0 ? 64 + std::bit_width(high)
                   : static_cast<int>(std::bit_width(static_cast<std::uint64_t>(largest)));
}

// Bits that number count different values: ceil(log2(count)).
int bits_to_count(uint128 count) { return bits_of(count - 1); }

template <class Int>
int integer_bits(const EncryptedField& field, std::optional<Int> min, std::optional<Int> max) {
  const Int low = min.value_or(std::numeric_limits<Int>::min());
  const Int high = max.value_or(std::numeric_limits<Int>::max());
  if (low >= high) refuse(6720005, field, "'min' must be less than 'max'");
  return bits_of(static_cast<std::make_unsigned_t<Int>>(high) -
                 static_cast<std::make_unsigned_t<Int>>(low));
}

int double_bits(const EncryptedField& field, double min, double max, int precision) {
  constexpr double kExact = 9007199254740992;  // 2^53
  constexpr double kMost = 4503599627370496;   // 2^52: so many values take 52 bits
  if (!(min < max)) refuse(6720005, field, "'min' must be less than 'max'");
  const auto too_large = [&] {
    refuse(
        9157100, field,
        "the values from 'min' to 'max' with this 'precision' do not fit into fewer than 53 bits");
  };
  const double scale = std::pow(10.0, precision);
  const double high = max * scale;
  const double low = min * scale;
  if (!std::isfinite(scale) || !std::isfinite(high) || !std::isfinite(low)) too_large();
  if (low != std::trunc(low)) refuse(6966805, field, "'min' has more decimals than 'precision'");
  if (high != std::trunc(high)) refuse(6966806, field, "'max' has more decimals than 'precision'");
  if (std::abs(high) >= kExact || std::abs(low) >= kExact) too_large();
  const double count = high - low + scale;  // exact as far as it is not too large
  if (count > kMost) too_large();
  return bits_to_count(static_cast<uint128>(count));
}

// value · 10^precision as a whole number; nothing when it has more decimals than that or its
// magnitude is above 2^127 - 1.
struct Scaled {
  bool negative = false;
  uint128 magnitude = 0;
};
std::optional<Scaled> scale_decimal(bson::Decimal128 value, int precision, bool& too_large) {
  bson::DecimalParts parts = bson::normalise(bson::decompose(value));
  too_large = parts.kind != bson::DecimalParts::Kind::kFinite;
  if (too_large) return std::nullopt;
  if (parts.coefficient == 0) return Scaled{};
  int exponent = parts.exponent + precision;
  if (exponent < 0) return std::nullopt;
  auto magnitude = static_cast<int128>(parts.coefficient);  // of 34 digits
  for (; exponent > 0; --exponent) {
    too_large = __builtin_mul_overflow(magnitude, 10, &magnitude);
    if (too_large) return std::nullopt;
  }
  return Scaled{parts.negative, static_cast<uint128>(magnitude)};
}

int decimal_bits(const EncryptedField& field, bson::Decimal128 min, bson::Decimal128 max,
                 int precision) {
  if (bson::compare_decimals(min, max) >= 0) {
    refuse(6720005, field, "'min' must be less than 'max'");
  }
  const auto too_large = [&] {
    refuse(
        9157101, field,
        "the values from 'min' to 'max' with this 'precision' do not fit into fewer than 128 bits");
  };
  bool beyond = false;
  const auto low = scale_decimal(min, precision, beyond);
  if (!low && !beyond) refuse(6966807, field, "'min' has more decimals than 'precision'");
  if (beyond) too_large();
  const auto high = scale_decimal(max, precision, beyond);
  if (!high && !beyond) refuse(6966808, field, "'max' has more decimals than 'precision'");
  if (beyond) too_large();
  const uint128 range =
      low->negative == high->negative
          ? (low->negative ? low->magnitude - high->magnitude : high->magnitude - low->magnitude)
          : low->magnitude + high->magnitude;  // both below 2^127
  uint128 scale = 1;
  for (int i = 0; i < precision; ++i) {
    if (scale > ~uint128{0} / 10) too_large();
    scale *= 10;
  }
  if (range > ~uint128{0} - scale) too_large();
  const int bits = bits_to_count(range + scale);
  if (bits >= 128) too_large();
  return bits;
}

int floating_bits(const EncryptedField& field, const DeclaredQuery& query) {
  const bool has_min = !query.min.missing();
  const bool has_max = !query.max.missing();
  if (has_min != has_max || has_min != query.precision.has_value()) {
    refuse(6967100, field, "'min', 'max' and 'precision' must be given together or not at all");
  }
  const bool is_double = field.bson_type == Type::kDouble;
  if (!has_min) return is_double ? 64 : 128;
  return is_double ? double_bits(field, query.min.view().as_double(), query.max.view().as_double(),
                                 *query.precision)
                   : decimal_bits(field, query.min.view().as_decimal(),
                                  query.max.view().as_decimal(), *query.precision);
}

template <class T>
std::optional<T> bound(const bson::Value& value, T (bson::ValueView::*read)() const) {
  if (value.missing()) return std::nullopt;
  return (value.view().*read)();
}

std::optional<std::int64_t> date_bound(const bson::Value& value) {
  if (value.missing()) return std::nullopt;
  return value.view().as_date().milliseconds;
}

int domain_bits(const EncryptedField& field, const DeclaredQuery& query) {
  switch (*field.bson_type) {
    case Type::kInt32:
      return integer_bits(field, bound(query.min, &bson::ValueView::as_int32),
                          bound(query.max, &bson::ValueView::as_int32));
    case Type::kInt64:
      return integer_bits(field, bound(query.min, &bson::ValueView::as_int64),
                          bound(query.max, &bson::ValueView::as_int64));
    case Type::kDate:
      return integer_bits(field, date_bound(query.min), date_bound(query.max));
    default:
      return floating_bits(field, query);
  }
}

}  // namespace

void check_range(const EncryptedField& field, const DeclaredQuery& query) {
  check_foreign_to_range(field, query);
  const Type type = *field.bson_type;
  if (!query.type->facts().types().contains(type)) {
    refuse(6775201, field,
           "a field of type '" + std::string(bson::alias(type)) + "' cannot have a range query");
  }
  if (!query.min.missing() && query.min.type() != type) {
    refuse(7018200, field, "'min' must have the field's bsonType");
  }
  if (!query.max.missing() && query.max.type() != type) {
    refuse(7018201, field, "'max' must have the field's bsonType");
  }
  if (query.precision && type != Type::kDouble && type != Type::kDecimal128) {
    refuse(type == Type::kDate ? 8574113 : 8574112, field,
           "'precision' is for fields of type 'double' and 'decimal'");
  }
  const int bits = domain_bits(field, query);
  if (query.trim_factor.value_or(0) != 0 && *query.trim_factor >= bits) {
    refuse(8574000, field,
           "'trimFactor' must be less than the " + std::to_string(bits) +
               " bits that the field's values take");
  }
}

}  // namespace quern::schema
