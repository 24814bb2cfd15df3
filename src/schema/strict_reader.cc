// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "schema/strict_reader.h"

#include <algorithm>
#include <utility>

#include "quern/base/error.h"

namespace quern::schema {
namespace {

constexpr std::int32_t kDuplicateMember = 40413;

}  // namespace

StrictReader::StrictReader(bson::View document, std::string where,
                           std::span<const std::string_view> known)
    : document_(document), where_(std::move(where)) {
  std::uint64_t seen = 0;  // a bit for each known member
  for (const bson::Element& element : document_) {
    const auto at = std::find(known.begin(), known.end(), element.key());
    if (at == known.end()) {
      throw Error(ErrorCode::kUnknownField,
                  "BSON field " + name(element.key()) + " is an unknown field.");
    }
    const std::uint64_t bit = std::uint64_t{1} << (at - known.begin());
    if ((seen & bit) != 0) {
      throw Error(kDuplicateMember, "BSON field " + name(element.key()) + " is a duplicate field");
    }
    seen |= bit;
  }
}

std::string StrictReader::name(std::string_view key) const {
  return "'" + where_ + "." + std::string(key) + "'";
}

void StrictReader::wrong_type(const bson::Element& element, std::string_view expected) const {
  throw Error(ErrorCode::kTypeMismatch, "BSON field " + name(element.key()) +
                                            " is the wrong type '" +
                                            std::string(bson::alias(element.type())) +
                                            "', expected type '" + std::string(expected) + "'");
}

bson::Element StrictReader::member(std::string_view key) const {
  const bson::Element element = document_[key];
  const bool absent = element.is_null() || element.type() == bson::Type::kUndefined;
  return absent ? bson::Element() : element;
}

bson::Element StrictReader::required(std::string_view key) const {
  const bson::Element element = member(key);
  if (!element) {
    throw Error(ErrorCode::kMissingField,
                "BSON field " + name(key) + " is missing but a required field");
  }
  return element;
}

std::optional<std::string_view> StrictReader::text(std::string_view key) const {
  const bson::Element element = member(key);
  if (!element) return std::nullopt;
  if (!element.is_string()) wrong_type(element, "string");
  return element.as_string();
}

std::optional<bool> StrictReader::boolean(std::string_view key) const {
  const bson::Element element = member(key);
  if (!element) return std::nullopt;
  if (element.type() != bson::Type::kBool) wrong_type(element, "bool");
  return element.as_bool();
}

std::optional<std::int64_t> StrictReader::number(std::string_view key, std::int64_t low,
                                                 std::int64_t high) const {
  const bson::Element element = member(key);
  if (!element) return std::nullopt;
  if (!element.is_number()) wrong_type(element, "long");
  const std::optional<std::int64_t> value = element.whole_number();
  if (!value) {
    throw Error(ErrorCode::kFailedToParse,
                "BSON field " + name(key) + " must be a whole number of 64 bits");
  }
  if (*value < low || *value > high) {
    throw Error(ErrorCode::kBadValue, "BSON field " + name(key) + " is " + std::to_string(*value) +
                                          ", it must lie between " + std::to_string(low) + " and " +
                                          std::to_string(high));
  }
  return value;
}

}  // namespace quern::schema
