// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Queries with encryptionInformation: find payloads become conditions on __safeContent__.
#ifndef QUERN_ENGINE_QE_REWRITE_H_
#define QUERN_ENGINE_QE_REWRITE_H_

#include "engine/qe/encryption_information.h"
#include "engine/qe/tag_query.h"
#include "quern/bson/document.h"
#include "quern/command/namespace.h"
#include "schema/encrypted_fields.h"

namespace quern::engine {
class Operation;
}

namespace quern::engine::qe {

// A filter in which every {field: payload}, $eq, $in, $ne and $nin with find payloads, also below
// $and, $or, $nor and $not and in $expr, is replaced by
// {__safeContent__: {$elemMatch: {$in: [tags]}}} or its negation. The tags are all those ever
// issued for the value, counted in the operation's snapshot. Everything else stays as it is. Used
// for find.filter, count.query, q of update and delete, findAndModify.query and the same below
// explain. Throws FLEMaxTagLimitExceeded (377) when the tags of one condition take more bytes
// than the engine's option allows (for an upsert: kFail; otherwise a scan may find that fewer are
// in use), and the codes for malformed and misplaced payloads (7292602, 6329400, 6672413, …).
bson::Document rewrite_filter(Operation& op, const Namespace& ns,
                              const schema::EncryptedFields& fields, bson::View filter,
                              TooManyTags too_many = TooManyTags::kScan);

// The same for the stages of an aggregation (an array value comes back): $match, $graphLookup's
// restrictSearchWithMatch, and the pipelines inside $lookup, $unionWith and $facet, each with the
// schema of its own collection.
bson::Value rewrite_pipeline(Operation& op, const Namespace& ns, EncryptionInformation& information,
                             bson::View pipeline);

}  // namespace quern::engine::qe

#endif  // QUERN_ENGINE_QE_REWRITE_H_
