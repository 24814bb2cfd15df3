// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Documents one after the other: what a collection scan produces, what stages transform, what a
// cursor hands out. Streams pull from their source and own it. Not thread-safe.
#ifndef QUERN_QUERY_PIPELINE_STREAM_H_
#define QUERN_QUERY_PIPELINE_STREAM_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "quern/bson/document.h"
#include "query/match/match.h"
#include "query/pipeline/projection.h"

namespace quern::query {

class DocumentStream {
 public:
  virtual ~DocumentStream() = default;
  // The next document, or nothing at the end (and from then on). The view is valid until the next
  // call of next() or the stream's end of life, and no longer than the batch of a cursor.
  virtual std::optional<bson::View> next() = 0;
};

std::unique_ptr<DocumentStream> empty_stream();
std::unique_ptr<DocumentStream> stream_of(std::vector<bson::Document> documents);
std::unique_ptr<DocumentStream> filtered(std::unique_ptr<DocumentStream> source, Matcher matcher);
std::unique_ptr<DocumentStream> skipped(std::unique_ptr<DocumentStream> source, std::int64_t count);
std::unique_ptr<DocumentStream> limited(std::unique_ptr<DocumentStream> source, std::int64_t count);
std::unique_ptr<DocumentStream> projected(std::unique_ptr<DocumentStream> source,
                                          Projection projection);

}  // namespace quern::query

#endif  // QUERN_QUERY_PIPELINE_STREAM_H_
