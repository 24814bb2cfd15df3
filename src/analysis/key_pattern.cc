// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/key_pattern.h"

#include <algorithm>

#include "analysis/refusal.h"

namespace quern::analysis {
namespace {

constexpr std::string_view kIndexTypes[] = {"hashed", "text", "2d", "2dsphere", "wildcard"};
constexpr std::string_view kMetadata[] = {"textScore",       "searchScore",  "randVal",
                                          "geoNearDistance", "geoNearPoint", "indexKey",
                                          "recordId"};

bool is_direction(bson::ValueView value) {
  if (value.type() == bson::Type::kBool) return true;
  const auto number = value.whole_number();
  return number && *number >= -1 && *number <= 1;
}

template <class Names>
bool is_one_of(bson::ValueView value, const Names& names) {
  return value.is_string() &&
         std::find(std::begin(names), std::end(names), value.as_string()) != std::end(names);
}

bool is_metadata(bson::ValueView value) {
  if (!value.is_document() || value.as_document().count() != 1) return false;
  const bson::Element meta = value.as_document().front();
  return meta.key() == "$meta" && is_metadata_keyword(meta);
}

}  // namespace

bool is_metadata_keyword(bson::ValueView value) { return is_one_of(value, kMetadata); }

void check_key_pattern(std::string_view where, bson::View pattern) {
  refuse::repeated_member(where, pattern);
  for (const bson::Element& part : pattern) {
    if (!is_one_of(part, kIndexTypes) && !is_metadata(part)) check_direction(where, part);
  }
}

void check_direction(std::string_view where, const bson::Element& part) {
  if (is_direction(part)) return;
  refuse::wrong_member_type(where, part.key(), "a direction", part.type());
}

}  // namespace quern::analysis
