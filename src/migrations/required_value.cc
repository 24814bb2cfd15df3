// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "migrations/required_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "quern/base/error.h"
#include "quern/bson/compare.h"
#include "quern/bson/json.h"

namespace quern::migrations {
namespace {

constexpr std::int64_t kFirstDate = -62135596800000;   // of the year 1, in milliseconds
constexpr std::int64_t kEndOfDates = 253402300800000;  // the year 10000

// Characters of a text, which is UTF-8.
std::int64_t length_of(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

// Digits of a decimal before and after its point, without an exponent; nothing for others.
struct Digits {
  std::int64_t whole = 0;
  std::int64_t fraction = 0;
};
std::optional<Digits> digits_of(const std::string& text) {
  Digits out;
  bool after_point = false;
  for (const char c : text) {
    if (c == '-' || c == '+') continue;
    if (c == '.') {
      after_point = true;
    } else if (c < '0' || c > '9') {
      return std::nullopt;
    } else if (after_point) {
      ++out.fraction;
    } else if (c != '0' || out.whole > 0) {
      ++out.whole;
    }
  }
  return out;
}

std::int64_t limit(const FieldState& field, std::string_view name) {
  return field.attributes[name].whole_number().value_or(0);
}

// What validation has against a value of the field's type; empty: nothing.
std::string fault_of(bson::ValueView value, const FieldState& field) {
  if (const bson::Element choices = field.attributes["choices"]) {
    for (const bson::Element& choice : choices.as_array()) {
      if (bson::compare(choice.value(), value) == 0) return "";
    }
    return fmt::format("it must be one of {}", bson::to_json(bson::doc("", choices.value())));
  }
  if (value.is_string()) {
    const std::int64_t most = limit(field, "max_length");
    if (value.as_string().empty() && !field.attributes["blank"].truthy())
      return "it cannot be blank";
    if (most > 0 && length_of(value.as_string()) > most) {
      return fmt::format("it may have at most {} characters", most);
    }
  }
  if (value.type() == bson::Type::kDate &&
      (value.as_date().milliseconds < kFirstDate || value.as_date().milliseconds >= kEndOfDates)) {
    return "it must be between the years 1 and 9999";
  }
  const std::int64_t most_digits = limit(field, "max_digits");
  if (value.type() == bson::Type::kDecimal128 && most_digits > 0) {
    const std::int64_t places = limit(field, "decimal_places");
    const std::optional<Digits> digits = digits_of(value.as_decimal().to_string());
    if (!digits || digits->fraction > places || digits->whole > most_digits - places) {
      return fmt::format("it may have {} digits, {} of them after the point", most_digits, places);
    }
  }
  return "";
}

// In Extended JSON, with the short forms of some types; throws for what is none.
bson::Value read(std::string_view text, const std::string& type) {
  if (type == "string") return bson::Value::of(text);
  if (type == "decimal" && !text.starts_with('{')) {
    return bson::Value::of(bson::Decimal128::parse(std::string(text)));
  }
  std::string json(text);
  if (type == "date" && !text.starts_with('{')) {
    json = fmt::format(R"({{"$date": "{}{}"}})", text,
                       text.find('T') == std::string_view::npos ? "T00:00:00Z" : "");
  } else if (type == "objectId" && !text.starts_with('{')) {
    json = fmt::format(R"({{"$oid": "{}"}})", text);
  }
  const bson::Document document = bson::from_json(fmt::format(R"({{"": {}}})", json));
  if (document.view().count() != 1) throw Error(ErrorCode::kBadValue, "more than one value");
  return bson::Value(document.view().front().value());
}

}  // namespace

bool needs_value(const FieldState& field) {
  if (field.nullable || field.primary_key) return false;
  if (field.type == "object" && !field.fields.empty()) {
    return std::any_of(field.fields.begin(), field.fields.end(), needs_value);
  }
  const bson::Element value = field.attributes["default"];
  const bool text_or_choice = field.type == "string" || field.attributes["choices"];
  if (value.missing()) return text_or_choice && !field.attributes["blank"].truthy();
  return !fault_of(value.value(), field).empty();
}

bson::Value parse_value(std::string_view text, const FieldState& field) {
  bson::Value value;
  try {
    value = as_field_type(read(text, field.type), field);
  } catch (const Error&) {
    throw Error(ErrorCode::kBadValue, fmt::format("expected {}", expected_value(field)));
  }
  if (bson::alias(value.type()) != field.type) {
    throw Error(ErrorCode::kBadValue, fmt::format("expected {}", expected_value(field)));
  }
  const std::string fault = fault_of(value, field);
  if (!fault.empty()) throw Error(ErrorCode::kBadValue, fault);
  return value;
}

std::string expected_value(const FieldState& field) {
  const std::string& type = field.type;
  if (type == "string") {
    const std::int64_t most = limit(field, "max_length");
    return most > 0 ? fmt::format("a string of at most {} characters", most) : "a string";
  }
  if (type == "int" || type == "long") return "a whole number";
  if (type == "double" || type == "decimal") return "a number";
  if (type == "bool") return "true or false";
  if (type == "date") return "a date such as 2024-12-31 or 2024-12-31T23:59:59Z";
  return fmt::format("a value of the type {} in Extended JSON", type);
}

}  // namespace quern::migrations
