// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/expression/convert.h"

#include <charconv>
#include <cmath>

#include "bson/decimal.h"
#include "quern/base/error.h"
#include "query/value/arithmetic.h"
#include "query/value/calendar.h"
#include "query/value/numbers.h"
#include "query/value/values.h"

namespace quern::query {
namespace {

using bson::Type;

[[noreturn]] void fail(const std::string& message) {
  throw Error(ErrorCode::kConversionFailure, message + " in $convert with no onError value");
}
[[noreturn]] void unsupported(const Datum& value, Type to) {
  fail("Unsupported conversion from " + type_name(value.type()) + " to " + type_name(to));
}

// The whole text, with one sign at most.
template <class Number>
Number parse_number(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    fail("Failed to parse number: the text is not a number in range");
  }
  return number;
}

// With as few digits as read back as the same number, and an exponent below 0.0001 and from 1e16
// on.
std::string double_text(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
  const double size = std::fabs(number);
  const bool plain = size == 0 || (size >= 1e-4 && size < 1e16);
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, number,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific);
  return std::string(text, end.ptr);
}

std::int64_t to_integer(const Datum& value, Type to) {
  const auto in_range = [to](std::optional<std::int64_t> number) {
    if (!number || (to == Type::kInt32 && (*number < INT32_MIN || *number > INT32_MAX))) {
      fail("Conversion would overflow target type " + type_name(to));
    }
    return *number;
  };
  switch (value.type()) {
    case Type::kBool:
      return value.view().as_bool() ? 1 : 0;
    case Type::kInt32:
    case Type::kInt64:
      return in_range(value.view().whole_number());
    case Type::kDouble:
    case Type::kDecimal128:
      if (is_nan(value.view())) fail("Attempt to convert NaN value to integer type");
      if (is_infinite(value.view())) fail("Attempt to convert infinity value to integer type");
      return in_range(truncated(value.view()));
    case Type::kDate:
      if (to == Type::kInt32) unsupported(value, to);
      return value.view().as_date().milliseconds;
    case Type::kString:
      return in_range(parse_number<std::int64_t>(value.view().as_string()));
    default:
      unsupported(value, to);
  }
}

Datum to_double(const Datum& value) {
  switch (value.type()) {
    case Type::kBool:
      return Datum::of(value.view().as_bool() ? 1.0 : 0.0);
    case Type::kDate:
      return Datum::of(static_cast<double>(value.view().as_date().milliseconds));
    case Type::kDecimal128: {
      const double number = value.view().number();
      if (std::isinf(number) && !is_infinite(value.view())) {
        fail("Conversion would overflow target type double");
      }
      return Datum::of(number);
    }
    case Type::kString:
      return Datum::of(parse_number<double>(value.view().as_string()));
    default:
      if (!value.is_number()) unsupported(value, Type::kDouble);
      return Datum::of(value.view().number());
  }
}

Datum to_decimal(const Datum& value) {
  switch (value.type()) {
    case Type::kBool:
      return Datum::of(bson::decimal_from(std::int64_t{value.view().as_bool()}));
    case Type::kDate:
      return Datum::of(bson::decimal_from(value.view().as_date().milliseconds));
    case Type::kString:
      try {
        return Datum::of(bson::Decimal128::parse(value.view().as_string()));
      } catch (const Error&) {
        fail("Failed to parse number: the text is not a decimal number");
      }
    default:
      if (!value.is_number()) unsupported(value, Type::kDecimal128);
      return Datum::of(as_decimal(value));
  }
}

Datum to_date(const Datum& value) {
  switch (value.type()) {
    case Type::kDate:
      return value;
    case Type::kInt64:
      return Datum::of(bson::Date{value.view().as_int64()});
    case Type::kDouble:
    case Type::kDecimal128:
      return Datum::of(bson::Date{to_integer(value, Type::kInt64)});
    case Type::kTimestamp:
      return Datum::of(bson::Date{std::int64_t{value.view().as_timestamp().seconds} * 1000});
    case Type::kObjectId: {
      // Begins with the seconds, big endian. MongoDB reads them as a signed number: from 2038 on
      // they mean the time before 1970.
      const BytesView id = value.view().bytes();
      const std::uint32_t seconds = std::uint32_t{id[0]} << 24 | std::uint32_t{id[1]} << 16 |
                                    std::uint32_t{id[2]} << 8 | std::uint32_t{id[3]};
      return Datum::of(bson::Date{std::int64_t{static_cast<std::int32_t>(seconds)} * 1000});
    }
    case Type::kString: {
      const auto date = parse_iso(value.view().as_string());
      if (!date) fail("Error parsing date string: it is not an ISO 8601 date");
      return Datum::of(*date);
    }
    default:
      unsupported(value, Type::kDate);
  }
}

Datum to_object_id(const Datum& value) {
  if (value.type() == Type::kObjectId) return value;
  if (value.type() != Type::kString) unsupported(value, Type::kObjectId);
  try {
    return Datum::of(ObjectId::parse(value.view().as_string()));
  } catch (const Error&) {
    fail("Failed to parse objectId: the text is not 24 hexadecimal digits");
  }
}

}  // namespace

std::optional<std::string> to_text(const Datum& value) {
  switch (value.type()) {
    case Type::kString:
      return std::string(value.view().as_string());
    case Type::kSymbol:
      return std::string(value.view().as_symbol());
    case Type::kCode:
      return std::string(value.view().as_code());
    case Type::kBool:
      return value.view().as_bool() ? "true" : "false";
    case Type::kInt32:
    case Type::kInt64:
      return std::to_string(*value.view().whole_number());
    case Type::kDouble:
      return double_text(value.view().as_double());
    case Type::kDecimal128:
      return value.view().as_decimal().to_string();
    case Type::kObjectId:
      return value.view().as_object_id().to_string();
    case Type::kDate:
      return iso_text(value.view().as_date());
    default:
      return std::nullopt;
  }
}

Datum convert(const Datum& value, Type to, Evaluation& evaluation) {
  switch (to) {
    case Type::kInt32:
      return Datum::of(static_cast<std::int32_t>(to_integer(value, to)));
    case Type::kInt64:
      return Datum::of(to_integer(value, to));
    case Type::kDouble:
      return to_double(value);
    case Type::kDecimal128:
      return to_decimal(value);
    case Type::kString: {
      const auto text = value.type() == Type::kCode ? std::nullopt : to_text(value);
      if (!text) unsupported(value, to);
      return evaluation.string(*text);
    }
    case Type::kBool:
      return Datum::of(value.view().truthy());  // of what is no number nor boolean: true
    case Type::kDate:
      return to_date(value);
    case Type::kObjectId:
      return to_object_id(value);
    default:
      unsupported(value, to);
  }
}

}  // namespace quern::query
