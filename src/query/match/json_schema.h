// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $jsonSchema: draft 4 of JSON Schema over BSON, as MongoDB has it. Parsed once; asking allocates
// only for uniqueItems. Immutable after parse.
#ifndef QUERN_QUERY_MATCH_JSON_SCHEMA_H_
#define QUERN_QUERY_MATCH_JSON_SCHEMA_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "quern/bson/document.h"
#include "query/match/type_set.h"
#include "query/value/compiled_regex.h"

namespace quern::query {

class JsonSchema {
 public:
  // Throws FailedToParse (9) for a keyword that isn't known or not supported ($ref, format,
  // default, id, encrypt), TypeMismatch (14) for a keyword's value of the wrong type. Borrows spec.
  static std::unique_ptr<const JsonSchema> parse(bson::View spec, int depth = 0);

  bool accepts(bson::ValueView value) const;

 private:
  using Ptr = std::unique_ptr<const JsonSchema>;
  friend class JsonSchemaParser;

  bool accepts_number(bson::ValueView value) const;
  bool accepts_string(std::string_view text) const;
  bool accepts_array(bson::View array) const;
  bool accepts_object(bson::View object) const;
  bool accepts_combinations(bson::ValueView value) const;

  std::optional<TypeSet> types_;
  std::vector<bson::ValueView> enum_;
  bool has_enum_ = false;
  std::vector<Ptr> all_of_;
  std::vector<Ptr> any_of_;
  std::vector<Ptr> one_of_;
  Ptr not_;

  bson::ValueView minimum_;
  bson::ValueView maximum_;
  bool exclusive_minimum_ = false;
  bool exclusive_maximum_ = false;
  bson::ValueView multiple_of_;

  std::optional<std::int64_t> min_length_;
  std::optional<std::int64_t> max_length_;
  std::optional<CompiledRegex> pattern_;

  std::optional<std::int64_t> min_items_;
  std::optional<std::int64_t> max_items_;
  bool unique_items_ = false;
  Ptr items_;               // of every item
  std::vector<Ptr> tuple_;  // of the item at each position
  Ptr additional_items_;    // of the items after the tuple
  bool no_additional_items_ = false;

  std::optional<std::int64_t> min_properties_;
  std::optional<std::int64_t> max_properties_;
  std::vector<std::string> required_;
  std::vector<std::pair<std::string, Ptr>> properties_;
  std::vector<std::pair<CompiledRegex, Ptr>> pattern_properties_;
  Ptr additional_properties_;
  bool no_additional_properties_ = false;
  std::vector<std::pair<std::string, std::vector<std::string>>> required_with_;
  std::vector<std::pair<std::string, Ptr>> schema_with_;
};

}  // namespace quern::query

#endif  // QUERN_QUERY_MATCH_JSON_SCHEMA_H_
