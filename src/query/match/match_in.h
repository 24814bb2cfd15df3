// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $in: equality with any of many values, looked up by hash.
#ifndef QUERN_QUERY_MATCH_MATCH_IN_H_
#define QUERN_QUERY_MATCH_MATCH_IN_H_

#include <vector>

#include "query/match/match_node.h"
#include "query/value/compiled_regex.h"

namespace quern::query {

class In : public Predicate {
 public:
  enum class Regexes { kPatterns, kValues };
  // values: an array's members, without undefined. Regular expressions among them match the texts
  // that they occur in, or only the same regular expression as a value.
  explicit In(bson::View values, Regexes regexes = Regexes::kPatterns);
  bool test(bson::ValueView value, MatchState& state) const override;
  std::optional<Bounds> bounds() const override;

 private:
  bool contains(bson::ValueView value) const;

  std::vector<bson::ValueView> values_;  // ascending and distinct, with regular expressions
  std::vector<CompiledRegex> regexes_;
  // Open addressing: 1 + position in values_, or 0. Empty for short lists, which are searched.
  std::vector<std::uint32_t> table_;
  std::size_t mask_ = 0;
  std::uint32_t ranks_ = 0;  // a bit for each type (by its rank) among the values
  bool has_null_ = false;
};

}  // namespace quern::query

#endif  // QUERN_QUERY_MATCH_MATCH_IN_H_
