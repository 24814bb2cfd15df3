// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $regex, and /pattern/ as a value.
#ifndef QUERN_QUERY_MATCH_MATCH_REGEX_H_
#define QUERN_QUERY_MATCH_MATCH_REGEX_H_

#include <utility>

#include "query/match/match_node.h"
#include "query/value/compiled_regex.h"

namespace quern::query {

class RegexPredicate : public Predicate {
 public:
  explicit RegexPredicate(CompiledRegex regex) : regex_(std::move(regex)) {}
  bool test(bson::ValueView value, MatchState&) const override { return regex_.matches(value); }
  std::optional<Bounds> bounds() const override;

 private:
  CompiledRegex regex_;
};

}  // namespace quern::query

#endif  // QUERN_QUERY_MATCH_MATCH_REGEX_H_
