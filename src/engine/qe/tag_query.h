// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// From find payloads to the tags ever issued for their values: the core of a query on encrypted
// fields, whatever the syntax around it (engine/qe/rewrite.h).
#ifndef QUERN_ENGINE_QE_TAG_QUERY_H_
#define QUERN_ENGINE_QE_TAG_QUERY_H_

#include <string_view>
#include <vector>

#include "engine/qe/payload_rules.h"
#include "engine/qe/safe_content.h"
#include "engine/qe/state_collections.h"
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

// The most bytes that the tags of one condition may take as a BSON array.
inline constexpr std::size_t kTagLimitBytes = 14 * 1024 * 1024;

// Collects the tags of one condition ($eq: one payload, $in: several).
class TagQuery {
 public:
  // All must outlive the query.
  TagQuery(StateCollections& state, const PayloadRules& rules) : state_(state), rules_(rules) {}

  // Adds the tags of an equality payload that stands at a path. Throws 7292602 for payloads of
  // version 1, 7292601 and 10112800 for range and text payloads, 9188709, 9188707 and 9188701 for a
  // payload that doesn't fit the field, and FLEMaxTagLimitExceeded (377).
  void add(std::string_view path, bson::ValueView payload);

  const std::vector<Tag>& tags() const { return tags_; }

 private:
  void add_tag(const Tag& tag);

  StateCollections& state_;
  const PayloadRules& rules_;
  std::vector<Tag> tags_;
  std::size_t bytes_ = 0;
};

}  // namespace quern::engine::qe

#endif  // QUERN_ENGINE_QE_TAG_QUERY_H_
