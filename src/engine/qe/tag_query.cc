// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/tag_query.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/session/engine.h"
#include "protocol/find_equality_payload.h"
#include "protocol/indexed_equality_value.h"

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

// No more tags than the engine's limit.
class TagList {
 public:
  explicit TagList(const Operation& op) : limit_(op.engine().options().encrypted_query_tag_bytes) {}

  void add(const Tag& tag) {
    bytes_ += tag_element_size(tags_.size());
    if (bytes_ > limit_) {
      throw Error(ErrorCode::kFLEMaxTagLimitExceeded,
                  fmt::format("Encrypted query has too many matches: its tags exceed the memory "
                              "limit of {} bytes",
                              limit_));
    }
    tags_.push_back(tag);
  }
  std::vector<Tag> sorted() && {
    std::sort(tags_.begin(), tags_.end());
    return std::move(tags_);
  }

 private:
  std::size_t limit_;
  std::vector<Tag> tags_;
  std::size_t bytes_ = 0;
};

using Payloads = std::vector<protocol::FindEqualityPayloadV2>;

Payloads parsed(const PayloadRules& rules, std::string_view path,
                std::span<const bson::ValueView> payloads) {
  Payloads all;
  for (const bson::ValueView& payload : payloads) {
    expect_equality(path, payload);
    all.push_back(protocol::FindEqualityPayloadV2::parse(payload.as_binary().bytes));
    rules.check(path, all.back());
  }
  return all;
}

// Every tag that was ever issued for the value.
void add_issued(StateCollections& state, const protocol::FindEqualityPayloadV2& payload,
                TagList& list) {
  const protocol::HmacSha256Key esc(payload.esc.bytes());
  const protocol::HmacSha256Key edc(payload.edc.bytes());
  // In groups, so that a huge contention factor neither takes much memory nor can't be interrupted.
  constexpr std::int64_t kGroup = 16;
  for (std::int64_t first = 0; first <= payload.max_contention; first += kGroup) {
    state.operation().check_interrupt();
    const std::int64_t last = first + std::min(kGroup - 1, payload.max_contention - first);
    std::vector<EscToken> tokens;
    for (std::int64_t factor = first; factor <= last; ++factor) {
      tokens.push_back(EscToken::derive(esc, factor));
    }
    const std::vector<EscState> states = find_esc_states(state, tokens);
    for (std::int64_t factor = first; factor <= last; ++factor) {
      const std::uint64_t uses = states[factor - first].uses();
      if (uses == 0) continue;
      const protocol::EdcTwiceDerivedToken tags(
          protocol::EdcDerivedFromDataTokenAndContentionFactor::derive(edc, factor));
      for (std::uint64_t count = 1; count <= uses; ++count) list.add(tags.tag(count));
    }
  }
}

// The tags of the documents whose stored value belongs to one of the payloads.
std::vector<Tag> held_tags(Operation& op, const Namespace& ns, std::string_view path,
                           const Payloads& payloads) {
  TagList list(op);
  const Collection* collection = op.collection(ns);
  if (collection == nullptr) return {};
  std::vector<protocol::ServerMetadataTokens> tokens;
  for (const auto& payload : payloads) tokens.emplace_back(payload.server_derived);
  RecordCursor cursor = collection->scan(op);
  while (cursor.next()) {
    op.check_interrupt();
    for_each_blob(cursor.document(), [&](std::string_view at, std::optional<BlobSubtype> subtype,
                                         BytesView blob) {
      if (at != path || subtype != BlobSubtype::kIndexedEqualityValueV2 || !tag_of(blob)) return;
      const auto block = protocol::IndexedEqualityEncryptedValueV2::parse(blob).metadata();
      const bool wanted = std::any_of(tokens.begin(), tokens.end(),
                                      [&](const auto& each) { return block.belongs_to(each); });
      if (wanted) list.add(block.tag());
    });
  }
  return std::move(list).sorted();
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

std::vector<Tag> query_tags(StateCollections& state, const PayloadRules& rules, const Namespace& ns,
                            std::string_view path, std::span<const bson::ValueView> payloads,
                            TooManyTags too_many) {
  const Payloads all = parsed(rules, path, payloads);
  try {
    TagList tags(state.operation());
    for (const protocol::FindEqualityPayloadV2& payload : all) add_issued(state, payload, tags);
    return std::move(tags).sorted();
  } catch (const Error& error) {
    if (too_many == TooManyTags::kFail || !error.is(ErrorCode::kFLEMaxTagLimitExceeded)) throw;
  }
  return held_tags(state.operation(), ns, path, all);
}

}  // namespace quern::engine::qe
