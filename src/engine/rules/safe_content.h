// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// __safeContent__: the array of tags by which encrypted documents are found
// (docs/format/state_collections.md).
#ifndef QUERN_ENGINE_RULES_SAFE_CONTENT_H_
#define QUERN_ENGINE_RULES_SAFE_CONTENT_H_

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bson/blob_facts.h"
#include "protocol/indexed_value.h"
#include "protocol/server_tokens.h"
#include "quern/base/bytes.h"
#include "quern/bson/document.h"

namespace quern::engine::qe {

inline constexpr std::string_view kSafeContent = "__safeContent__";

using protocol::Tag;

// Appends the tags as binaries of subtype 0 to the array that is open in the builder.
void append_tags(bson::Builder& array, std::span<const Tag> tags);

// Calls visit for every encrypted binary (subtype 6) of a document, at any depth outside of
// __safeContent__: with its dotted path, what is known about its kind (null for an empty one, and
// for a kind that the protocol does not know) and its bytes. The path is visit's for the duration of the call only.
using BlobVisitor =
    std::function<void(std::string_view path, const bson::BlobFacts* facts, BytesView blob)>;
void for_each_blob(bson::View document, const BlobVisitor& visit);

// The stored value of an indexed field; nothing when the bytes cannot be one.
std::optional<protocol::IndexedValue> indexed_value(BytesView blob);

// Appends the tags in the metadata blocks of a value.
void append_tags_of(const protocol::IndexedValue& value, std::vector<Tag>& tags);

}  // namespace quern::engine::qe

#endif  // QUERN_ENGINE_RULES_SAFE_CONTENT_H_
