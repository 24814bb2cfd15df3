// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/value/numbers.h"

#include <cmath>

#include "bson/decimal.h"

namespace quern::query {

using bson::DecimalParts;
using bson::Type;

bool is_nan(bson::ValueView value) {
  switch (value.type()) {
    case Type::kDouble:
      return std::isnan(value.as_double());
    case Type::kDecimal128:
      return bson::decompose(value.as_decimal()).kind == DecimalParts::Kind::kNaN;
    default:
      return false;
  }
}

bool is_infinite(bson::ValueView value) {
  switch (value.type()) {
    case Type::kDouble:
      return std::isinf(value.as_double());
    case Type::kDecimal128:
      return bson::decompose(value.as_decimal()).kind == DecimalParts::Kind::kInfinity;
    default:
      return false;
  }
}

bool is_negative(bson::ValueView number) {
  switch (number.type()) {
    case Type::kInt32:
      return number.as_int32() < 0;
    case Type::kInt64:
      return number.as_int64() < 0;
    case Type::kDouble:
      return number.as_double() < 0;
    case Type::kDecimal128: {
      const DecimalParts parts = bson::decompose(number.as_decimal());
      return parts.negative &&
             (parts.kind == DecimalParts::Kind::kInfinity ||
              (parts.kind == DecimalParts::Kind::kFinite && parts.coefficient != 0));
    }
    default:
      return false;
  }
}

std::optional<std::int64_t> truncated(bson::ValueView number) {
  switch (number.type()) {
    case Type::kInt32:
      return number.as_int32();
    case Type::kInt64:
      return number.as_int64();
    case Type::kDouble: {
      const double value = std::trunc(number.as_double());
      if (!(value >= -0x1p63 && value < 0x1p63)) return std::nullopt;
      return static_cast<std::int64_t>(value);
    }
    case Type::kDecimal128: {
      DecimalParts parts = bson::decompose(number.as_decimal());
      if (parts.kind != DecimalParts::Kind::kFinite) return std::nullopt;
      while (parts.exponent < 0 && parts.coefficient != 0) {
        parts.coefficient /= 10;
        ++parts.exponent;
      }
      if (parts.coefficient == 0) return 0;
      return bson::decimal_to_int64(bson::compose(parts));
    }
    default:
      return std::nullopt;
  }
}

}  // namespace quern::query
