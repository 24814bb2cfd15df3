// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A stream brought into an order.
#ifndef QUERN_QUERY_PIPELINE_SORTED_STREAM_H_
#define QUERN_QUERY_PIPELINE_SORTED_STREAM_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "query/pipeline/stream.h"
#include "query/value/parse_context.h"
#include "query/value/sort.h"

namespace quern::query {

// The stream in the order of the pattern. Blocks at the first next(): reads everything, keeps only
// the first limit documents if there is a limit. Fails with ExceededMemoryLimit (146) rather than
// hold more than memory_limit bytes.
std::unique_ptr<DocumentStream> sorted(std::unique_ptr<DocumentStream> source, SortPattern pattern,
                                       std::optional<std::int64_t> limit = {},
                                       std::size_t memory_limit = kStageMemoryLimit);

}  // namespace quern::query

#endif  // QUERN_QUERY_PIPELINE_SORTED_STREAM_H_
