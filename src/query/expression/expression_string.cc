// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $concat, $substr, $substrBytes, $substrCP, $toLower, $toUpper, $trim, $ltrim, $rtrim, $split,
// $strLenBytes, $strLenCP, $indexOfBytes, $indexOfCP, $strcasecmp, $replaceOne, $replaceAll.
#include <algorithm>

#include "bson/decimal.h"
#include "quern/base/error.h"
#include "query/expression/convert.h"
#include "query/expression/expression_builder.h"
#include "query/value/decimal_math.h"
#include "query/value/numbers.h"
#include "query/value/text.h"
#include "query/value/values.h"

namespace quern::query {
namespace {

using bson::Type;
std::string_view text_of(const Datum& d) { return d.view().as_string(); }
std::string_view string_or(const Datum& d, std::int32_t code, const char* what) {
  if (d.type() == Type::kString) return d.view().as_string();
  if (d.type() == Type::kSymbol) return d.view().as_symbol();
  throw Error(code, std::string(what) + ", not " + type_name(d));
}

// A value as the case and substring operators read it: numbers and dates become text, null nothing.
std::string coerced(const Datum& d) {
  switch (d.type()) {
    case Type::kEnd:
    case Type::kNull:
    case Type::kUndefined:
      return {};
    default:
      break;
  }
  if (auto text = to_text(d)) return *text;
  throw Error(16007, "can't convert from BSON type " + type_name(d) + " to String");
}

Datum concat(Operands arguments, Evaluation& evaluation) {
  std::size_t size = 0;
  for (const Datum& argument : arguments) {
    size += string_or(argument, 16702, "$concat only supports strings").size();
  }
  std::uint8_t* to = evaluation.arena().allocate(size + 5);
  store_le(to, static_cast<std::uint32_t>(size + 1));
  std::size_t at = 4;
  for (const Datum& argument : arguments) {
    const std::string_view text = string_or(argument, 16702, "$concat only supports strings");
    if (!text.empty()) std::memcpy(to + at, text.data(), text.size());
    at += text.size();
  }
  to[at] = 0;
  return bson::ValueView(Type::kString, {to, size + 5});
}

// A number as $substrBytes takes it: a double without its fraction, which must fit; a decimal
// rounded half to even, what doesn't fit as the least number.
std::int64_t to_long(const Datum& number, const char* what) {
  if (number.type() == Type::kDecimal128) {
    const auto whole = decimal::round(number.view().as_decimal(), 0, decimal::Rounding::kHalfEven);
    return bson::decimal_to_int64(whole).value_or(INT64_MIN);
  }
  const auto whole = truncated(number.view());
  if (!whole) {
    throw Error(31109,
                std::string("$substrBytes: ") + what + " is NaN, infinite or too large for a long");
  }
  return *whole;
}

Datum substr_bytes(Operands a, Evaluation& evaluation) {
  const std::string text = coerced(a[0]);
  if (!a[1].is_number()) {
    throw Error(16034, "$substrBytes: starting index must be a numeric type (is BSON type " +
                           type_name(a[1]) + ")");
  }
  if (!a[2].is_number()) {
    throw Error(16035, "$substrBytes: length must be a numeric type (is BSON type " +
                           type_name(a[2]) + ")");
  }
  const std::int64_t start = to_long(a[1], "starting index");
  const std::int64_t length = to_long(a[2], "length");
  if (start < 0) throw Error(50752, "$substrBytes: starting index must be non-negative");
  if (static_cast<std::size_t>(start) >= text.size()) return evaluation.string("");
  const auto from = static_cast<std::size_t>(start);
  const std::size_t size = length < 0
                               ? text.size() - from
                               : std::min(static_cast<std::size_t>(length), text.size() - from);
  if (is_continuation(text[from])) {
    throw Error(28656, "$substrBytes: Invalid range, starting index is a UTF-8 continuation byte.");
  }
  if (from + size < text.size() && is_continuation(text[from + size])) {
    throw Error(28657,
                "$substrBytes: Invalid range, ending index is in the middle of a UTF-8 "
                "character.");
  }
  return evaluation.string(std::string_view(text).substr(from, size));
}

Datum substr_cp(Operands a, Evaluation& evaluation) {
  const std::string text = coerced(a[0]);
  const auto whole = [](const Datum& d, const char* what, std::int32_t not_number,
                        std::int32_t not_whole, std::int32_t negative) {
    if (!d.is_number()) {
      throw Error(not_number, std::string("$substrCP: ") + what +
                                  " must be a numeric type (is BSON type " + type_name(d) + ")");
    }
    const auto number = d.view().whole_number();
    if (!number)
      throw Error(not_whole, std::string("$substrCP: ") + what + " must be a whole number");
    if (*number < 0)
      throw Error(negative, std::string("$substrCP: ") + what + " must be non-negative");
    return static_cast<std::size_t>(*number);
  };
  const std::size_t start = whole(a[1], "starting index", 34450, 34451, 34455);
  const std::size_t length = whole(a[2], "length", 34452, 34453, 34454);
  std::string_view rest = text;
  rest.remove_prefix(code_point_offset(rest, start));
  return evaluation.string(rest.substr(0, code_point_offset(rest, length)));
}

// Case of ASCII letters only, as MongoDB without a collation.
Datum map_ascii(const Datum& argument, Evaluation& evaluation, char first, char last, int offset) {
  std::string text = coerced(argument);
  for (char& c : text) {
    if (c >= first && c <= last) c = static_cast<char>(c + offset);
  }
  return evaluation.string(text);
}
Datum to_lower(Operands a, Evaluation& e) { return map_ascii(a[0], e, 'A', 'Z', 'a' - 'A'); }
Datum to_upper(Operands a, Evaluation& e) { return map_ascii(a[0], e, 'a', 'z', 'A' - 'a'); }

Datum strcasecmp(Operands a, Evaluation& evaluation) {
  const std::string_view x = text_of(to_upper(a.subspan(0, 1), evaluation));
  const std::string_view y = text_of(to_upper(a.subspan(1, 1), evaluation));
  const int order = x.compare(y);
  return Datum::of(order < 0 ? -1 : order > 0 ? 1 : 0);
}

Datum split(Operands a, Evaluation& evaluation) {
  const std::string_view text = string_or(
      a[0], 40085, "$split requires an expression that evaluates to a string as a first argument");
  const std::string_view separator = string_or(
      a[1], 40086, "$split requires an expression that evaluates to a string as a second argument");
  if (separator.empty()) throw Error(40087, "$split requires a non-empty separator");
  Evaluation::Scratch parts(evaluation);
  std::size_t start = 0;
  for (;;) {
    const std::size_t end = text.find(separator, start);
    parts->push(evaluation.string(text.substr(start, end == text.npos ? end : end - start)));
    if (end == text.npos) break;
    start = end + separator.size();
  }
  return parts.finish(Type::kArray);
}

Datum length_bytes(Operands a, Evaluation&) {
  return Datum::of(static_cast<std::int32_t>(
      string_or(a[0], 34473, "$strLenBytes requires a string argument").size()));
}
Datum length_cp(Operands a, Evaluation&) {
  return Datum::of(static_cast<std::int32_t>(
      code_point_count(string_or(a[0], 34471, "$strLenCP requires a string argument"))));
}

// The optional bounds of a search, as whole numbers.
std::size_t bound(const char* name, const Datum& d) {
  const auto number = d.view().whole_number();
  if (!number) {
    throw Error(40096,
                std::string(name) +
                    " requires an integral starting and ending index, found: " + type_name(d));
  }
  if (*number < 0) {
    throw Error(40097, std::string(name) + " requires a nonnegative starting and ending index");
  }
  return static_cast<std::size_t>(*number);
}

Datum index_of_bytes(Operands a, Evaluation&) {
  if (a[0].nullish()) return Datum::null();
  const std::string_view text =
      string_or(a[0], 40091, "$indexOfBytes requires a string as the first argument");
  const std::string_view token =
      string_or(a[1], 40092, "$indexOfBytes requires a string as the second argument");
  const std::size_t start = a.size() > 2 ? bound("$indexOfBytes", a[2]) : 0;
  const std::size_t end =
      a.size() > 3 ? std::min(bound("$indexOfBytes", a[3]), text.size()) : text.size();
  if (start > end) return Datum::of(-1);
  const std::size_t found = text.substr(0, end).find(token, start);
  return Datum::of(found == text.npos ? -1 : static_cast<std::int32_t>(found));
}

Datum index_of_cp(Operands a, Evaluation&) {
  if (a[0].nullish()) return Datum::null();
  const std::string_view text =
      string_or(a[0], 40093, "$indexOfCP requires a string as the first argument");
  const std::string_view token =
      string_or(a[1], 40094, "$indexOfCP requires a string as the second argument");
  const std::size_t size = code_point_count(text);
  const std::size_t start = a.size() > 2 ? bound("$indexOfCP", a[2]) : 0;
  const std::size_t end = a.size() > 3 ? std::min(bound("$indexOfCP", a[3]), size) : size;
  if (start > end) return Datum::of(-1);
  const std::size_t from = code_point_offset(text, start);
  const std::size_t found = text.substr(0, code_point_offset(text, end)).find(token, from);
  if (found == text.npos) return Datum::of(-1);
  return Datum::of(static_cast<std::int32_t>(code_point_count(text.substr(0, found))));
}

template <bool left, bool right>
Datum trim_text(Operands a, Evaluation& evaluation) {
  if (a[0].nullish() || (a.size() > 1 && a[1].nullish())) return Datum::null();
  const std::string_view text = string_or(a[0], 50699, "$trim requires its input to be a string");
  if (a.size() == 1) return evaluation.string(trim(text, kWhitespace, left, right));
  const std::string_view characters =
      string_or(a[1], 50700, "$trim requires 'chars' to be a string");
  return evaluation.string(trim(text, code_points(characters), left, right));
}

template <bool all>
Datum replace(Operands a, Evaluation& evaluation) {
  constexpr const char* kName = all ? "$replaceAll" : "$replaceOne";
  const auto check = [](const Datum& d, std::int32_t code, const char* what) {
    if (!d.nullish() && d.type() != Type::kString) {
      throw Error(code, std::string(kName) + " requires that '" + what +
                            "' be a string, found: " + type_name(d));
    }
  };
  check(a[0], 51746, "input");
  check(a[1], 51745, "find");
  check(a[2], 51744, "replacement");
  if (a[0].nullish() || a[1].nullish() || a[2].nullish()) return Datum::null();
  const std::string_view text = text_of(a[0]);
  const std::string_view find = text_of(a[1]);
  const std::string_view replacement = text_of(a[2]);
  std::string result;
  std::size_t start = 0;
  for (;;) {
    const std::size_t found = text.find(find, start);
    if (found == text.npos) break;
    result += text.substr(start, found - start);
    result += replacement;
    if (result.size() > kStageMemoryLimit) {
      throw Error(ErrorCode::kExceededMemoryLimit,
                  std::string(kName) + " would make a string of more than " +
                      std::to_string(kStageMemoryLimit) + " bytes");
    }
    start = found + find.size();
    if (find.empty()) {  // between any two bytes; go on with the next character
      if (start == text.size()) return evaluation.string(result);
      const std::size_t size = code_point_size(text[start]);
      result += text.substr(start, size);
      start += size;
    }
    if (!all) break;
  }
  result += text.substr(start);
  return evaluation.string(result);
}

constexpr FunctionOperator kFunctions[] = {
    {"$concat", concat, Nulls::kGiveNull},
    {"$substr", substr_bytes},
    {"$substrBytes", substr_bytes},
    {"$substrCP", substr_cp},
    {"$toLower", to_lower},
    {"$toUpper", to_upper},
    {"$strcasecmp", strcasecmp},
    {"$split", split, Nulls::kGiveNull},
    {"$strLenBytes", length_bytes},
    {"$strLenCP", length_cp},
    {"$indexOfBytes", index_of_bytes},
    {"$indexOfCP", index_of_cp},
    {"$trim", trim_text<true, true>},
    {"$ltrim", trim_text<true, false>},
    {"$rtrim", trim_text<false, true>},
    {"$replaceOne", replace<false>},
    {"$replaceAll", replace<true>},
};
}  // namespace

OperatorFamily string_operators() { return {kFunctions, {}}; }

}  // namespace quern::query
