// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Updates: operators, a replacement document, or a pipeline. Parsed once, applied to any number of
// documents.
//
//   const Update update = Update::parse(u, array_filters);
//   const Update::Outcome outcome = update.apply(document, matcher);
//   if (outcome.modified) … write outcome.document …
//
// Parsing reports what is wrong with the update itself (FailedToParse 9, BadValue 2, conflicting
// paths 40, …); applying reports what doesn't fit the document (TypeMismatch 14, PathNotViable 28,
// _id changed 66, …). Immutable after parse and safe to share between threads.
#ifndef QUERN_QUERY_UPDATE_UPDATE_H_
#define QUERN_QUERY_UPDATE_UPDATE_H_

#include <memory>

#include "quern/bson/document.h"
#include "query/match/match.h"

namespace quern::query {

class Update {
 public:
  // u: a document of operators or a replacement, or an array of stages. array_filters: an array
  // (its members are documents), or empty.
  static Update parse(bson::ValueView u, bson::View array_filters = {},
                      const ParseContext& context = {});

  struct Outcome {
    bson::Document document;  // the whole new document; equals the old one when not modified
    bool modified = false;
  };
  // filter: what the document was found by; resolves the positional operator "$". _id may not
  // change (ImmutableField 66); a replacement without _id keeps the old one.
  Outcome apply(bson::View document, const Matcher& filter) const;

  // The document to insert when nothing matched: the equalities of the filter, then the update with
  // $setOnInsert; _id comes first. When neither names it, the document has none.
  bson::Document apply_upsert(const Matcher& filter) const;

  bool is_replacement() const;
  bool is_pipeline() const;

  class Impl;

 private:
  explicit Update(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace quern::query

#endif  // QUERN_QUERY_UPDATE_UPDATE_H_
