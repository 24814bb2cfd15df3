// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Filters: MongoDB's query language, parsed once into typed nodes and then asked about documents.
//
//   const Matcher matcher = Matcher::parse(filter);
//   if (matcher.matches(document)) …
//
// Parsing finds every error of the filter: an unknown operator is BadValue (2), geo, $text and
// $where are refused by name. Matching neither copies nor allocates (but for $expr and $jsonSchema)
// and fails only where an $expr fails. A Matcher is immutable, cheap to copy and safe to share
// between threads; it owns a copy of its filter.
#ifndef QUERN_QUERY_MATCH_MATCH_H_
#define QUERN_QUERY_MATCH_MATCH_H_

#include <memory>
#include <optional>
#include <string_view>

#include "quern/bson/document.h"
#include "query/value/parse_context.h"

namespace quern::query {

class MatchNode;
class Evaluation;

// Which element of an array made a filter match: what the positional operator "$" stands for. It is
// the element that the last array condition of the filter matched.
struct ArrayPosition {
  std::optional<std::size_t> index;
};

class Matcher {
 public:
  Matcher();  // matches every document
  static Matcher parse(bson::View filter, const ParseContext& context = {});
  // Documents with one of the values (an array's members, without undefined) at path: no operators
  // and no patterns, whatever the values are.
  static Matcher equal_to_any(std::string_view path, bson::View values);

  bool matches(bson::View document) const;
  bool matches(bson::View document, ArrayPosition& position) const;
  // The same with the caller's scratch memory: for loops over many documents with $expr.
  bool matches(bson::View document, Evaluation& evaluation) const;

  bson::View filter() const;        // as it was parsed
  bool matches_everything() const;  // {} and what is equal to it
  const MatchNode& root() const { return *root_; }

 private:
  struct Shared;
  explicit Matcher(std::shared_ptr<const Shared> shared);
  std::shared_ptr<const Shared> shared_;
  const MatchNode* root_;  // shared_'s
};

}  // namespace quern::query

#endif  // QUERN_QUERY_MATCH_MATCH_H_
