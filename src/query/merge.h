// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $mergeObjects, as an expression and as an accumulator.
#ifndef QUERN_QUERY_MERGE_H_
#define QUERN_QUERY_MERGE_H_

#include <span>

#include "query/writer.h"

namespace quern::query {

// The fields of all documents in the order in which each name first comes, with the last value.
void append_merged(std::span<const bson::View> documents, Writer& out);

}  // namespace quern::query

#endif  // QUERN_QUERY_MERGE_H_
