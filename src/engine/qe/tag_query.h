// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// From find payloads to the tags ever issued for their values: the core of a query on encrypted
// fields, whatever the syntax around it (engine/qe/rewrite.h).
#ifndef QUERN_ENGINE_QE_TAG_QUERY_H_
#define QUERN_ENGINE_QE_TAG_QUERY_H_

#include <span>
#include <string_view>
#include <vector>

#include "engine/qe/payload_rules.h"
#include "engine/qe/state_collections.h"
#include "engine/rules/safe_content.h"
#include "quern/bson/document.h"
#include "quern/command/namespace.h"
#include "schema/encrypted_fields.h"

namespace quern::engine::qe {

// Whether a value is a find payload of any kind.
bool is_find_payload(bson::ValueView value);
// Whether one is in there, at any depth.
bool holds_find_payload(bson::ValueView value);

// For a payload under an operator such as $gt: NotSupported for a range payload, which this engine
// cannot answer yet, else 7292600.
[[noreturn]] void refuse_order_comparison(std::string_view op, bson::ValueView payload);

// What to do about a value with more tags than the engine's limit: fail, or read the collection and
// take the tags of the documents that hold the value now, which may be fewer than were ever issued.
enum class TooManyTags { kFail, kScan };

// The tags of one condition ($eq: one payload, $in: several): those of the values that the equality
// payloads stand for, in ascending order. Throws 7292602 for payloads of version 1, 7292601 and
// 10112800 for range and text payloads, 9188709, 9188707 and 9188701 for a payload that doesn't fit
// the field, and FLEMaxTagLimitExceeded (377), even after a scan, when too many documents hold one
// of the values.
std::vector<Tag> query_tags(StateCollections& state, const PayloadRules& rules, const Namespace& ns,
                            std::string_view path, std::span<const bson::ValueView> payloads,
                            TooManyTags too_many);

}  // namespace quern::engine::qe

#endif  // QUERN_ENGINE_QE_TAG_QUERY_H_
