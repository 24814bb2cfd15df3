// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The document that an upsert starts from: what the filter says by equality.
#ifndef QUERN_QUERY_UPDATE_UPSERT_H_
#define QUERN_QUERY_UPDATE_UPSERT_H_

#include "quern/bson/document.h"

namespace quern::query {

// {a: 1, "b.c": 2, d: {$gt: 3}} gives {a: 1, b: {c: 2}}; also through $eq, $and, an $or, $in or
// $all of one. only_id: nothing but _id, as for a replacement. A path that is given two values is
// NotSingleValueField (54).
bson::Document upsert_seed(bson::View filter, bool only_id);

}  // namespace quern::query

#endif  // QUERN_QUERY_UPDATE_UPSERT_H_
