// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/tag_query.h"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/find_equality_payload.h"

namespace quern::engine::qe {
namespace {

using bson::BlobSubtype;

bool is_find_subtype(BlobSubtype subtype) {
  switch (subtype) {
    case BlobSubtype::kFindEqualityPayloadV1:
    case BlobSubtype::kFindRangePayloadV1:
    case BlobSubtype::kFindEqualityPayloadV2:
    case BlobSubtype::kFindRangePayloadV2:
    case BlobSubtype::kFindTextPayload:
      return true;
    default:
      return false;
  }
}

void expect_equality(std::string_view path, bson::ValueView payload) {
  switch (*bson::blob_subtype(payload)) {
    case BlobSubtype::kFindEqualityPayloadV2:
      return;
    case BlobSubtype::kFindRangePayloadV2:
      throw Error(7292601,
                  fmt::format("A range payload cannot stand in an equality query ('{}')", path));
    case BlobSubtype::kFindTextPayload:
      throw Error(10112800,
                  fmt::format("A text payload cannot stand in an equality query ('{}')", path));
    default:
      throw Error(7292602, fmt::format("The query of '{}' has a payload of Queryable Encryption "
                                       "version 1, which is no longer supported",
                                       path));
  }
}

// Bytes of element number index of an array of tags: type, key with its NUL, length, subtype, tag.
std::size_t tag_element_size(std::size_t index) {
  std::size_t digits = 1;
  for (; index >= 10; index /= 10) ++digits;
  return 1 + digits + 1 + 4 + 1 + sizeof(Tag);
}

}  // namespace

bool is_find_payload(bson::ValueView value) {
  const auto subtype = bson::blob_subtype(value);
  return subtype && is_find_subtype(*subtype);
}

bool holds_find_payload(bson::ValueView value) {
  if (!value.is_document() && !value.is_array()) return is_find_payload(value);
  for (const bson::Element& element : value.as_document_or_array()) {
    if (holds_find_payload(element)) return true;
  }
  return false;
}

void refuse_order_comparison(std::string_view op, bson::ValueView payload) {
  if (bson::blob_subtype(payload) == BlobSubtype::kFindRangePayloadV2) {
    throw NotSupported(
        fmt::format("The embedded engine cannot answer range queries ({}) on "
                    "encrypted fields yet",
                    op));
  }
  throw Error(7292600, fmt::format("The payload under {} is not one for a range query", op));
}

void TagQuery::add(std::string_view path, bson::ValueView value) {
  expect_equality(path, value);
  const auto payload = crypto::FindEqualityPayloadV2::parse(value.as_binary().bytes);
  rules_.check(path, payload);

  // In groups, so that a huge contention factor neither takes much memory nor can't be interrupted.
  constexpr std::int64_t kGroup = 16;
  for (std::int64_t first = 0; first <= payload.max_contention; first += kGroup) {
    state_.operation().check_interrupt();
    const std::int64_t last = first + std::min(kGroup - 1, payload.max_contention - first);
    std::vector<EscToken> tokens;
    for (std::int64_t factor = first; factor <= last; ++factor) {
      tokens.push_back(crypto::with_contention(payload.esc, factor));
    }
    const std::vector<EscState> states = find_esc_states(state_, tokens);
    for (std::int64_t factor = first; factor <= last; ++factor) {
      const std::uint64_t uses = states[factor - first].uses();
      if (uses == 0) continue;
      const crypto::EdcTwiceDerivedToken tags(crypto::with_contention(payload.edc, factor));
      for (std::uint64_t count = 1; count <= uses; ++count) add_tag(tags.tag(count));
    }
  }
}

void TagQuery::add_tag(const Tag& tag) {
  bytes_ += tag_element_size(tags_.size());
  if (bytes_ > kTagLimitBytes) {
    throw Error(ErrorCode::kFLEMaxTagLimitExceeded,
                "Encrypted query has too many matches: its tags exceed the memory limit of 14 MiB");
  }
  tags_.push_back(tag);
}

}  // namespace quern::engine::qe
