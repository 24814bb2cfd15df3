// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Projections of find and $project: inclusion, exclusion, $slice, $elemMatch, the positional "a.$"
// and computed fields. Immutable after parse and safe to share between threads.
#ifndef QUERN_QUERY_PIPELINE_PROJECTION_H_
#define QUERN_QUERY_PIPELINE_PROJECTION_H_

#include <memory>

#include "quern/bson/document.h"
#include "query/match/match.h"

namespace quern::query {

class Writer;

class Projection {
 public:
  Projection();  // passes documents as they are
  // filter: what the documents are found by; needed by "a.$" only, which is refused without it. It
  // is copied.
  static Projection parse(bson::View spec, const Matcher* filter = nullptr,
                          const ParseContext& context = {});
  // The same for the stages $project (no find-only operators), $addFields and $unset.
  static Projection parse_project(bson::View spec, const ParseContext& context = {});
  static Projection parse_add_fields(bson::View spec, const ParseContext& context = {});

  bson::Document apply(bson::View document) const;
  // The same as the members of the document that out is writing.
  void apply(bson::View document, Writer& out, Evaluation& evaluation) const;

  bool is_identity() const { return impl_ == nullptr; }

  class Impl;

 private:
  std::shared_ptr<const Impl> impl_;
};

}  // namespace quern::query

#endif  // QUERN_QUERY_PIPELINE_PROJECTION_H_
