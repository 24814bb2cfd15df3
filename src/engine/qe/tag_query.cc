// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/tag_query.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/qe/query_algorithm.h"
#include "engine/session/engine.h"
#include "protocol/server_tokens.h"

namespace quern::engine::qe {
namespace {

// The algorithm of a payload that stands where one for equality is due.
const schema::AlgorithmFacts& expect_equality(std::string_view path, bson::ValueView payload) {
  const schema::AlgorithmFacts* algorithm = schema::algorithm_of(*bson::blob_subtype(payload));
  if (algorithm == nullptr) {
    throw Error(7292602, fmt::format("The query of '{}' has a payload of Queryable Encryption "
                                     "version 1, which is no longer supported",
                                     path));
  }
  if (algorithm->no_equality_payload != 0) {
    throw Error(algorithm->no_equality_payload,
                fmt::format("A {} payload cannot stand in an equality query ('{}')",
                            algorithm->name, path));
  }
  return *algorithm;
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

using Payloads = std::vector<protocol::FindTokens>;

Payloads parsed(const PayloadRules& rules, std::string_view path,
                std::span<const bson::ValueView> payloads) {
  Payloads all;
  for (const bson::ValueView& payload : payloads) {
    const schema::AlgorithmFacts& facts = expect_equality(path, payload);
    all.push_back(query_algorithm(facts.algorithm).find_tokens(payload.as_binary().bytes));
    rules.check(path, facts.algorithm, all.back());
  }
  return all;
}

// Every tag that was ever issued under the tokens.
void add_issued(StateCollections& state, const protocol::FindTokenSet& tokens,
                std::int64_t max_contention, TagList& list) {
  const protocol::HmacSha256Key esc(tokens.esc.bytes());
  const protocol::HmacSha256Key edc(tokens.edc.bytes());
  // In groups, so that a huge contention factor neither takes much memory nor can't be interrupted.
  constexpr std::int64_t kGroup = 16;
  for (std::int64_t first = 0; first <= max_contention; first += kGroup) {
    state.operation().check_interrupt();
    const std::int64_t last = first + std::min(kGroup - 1, max_contention - first);
    std::vector<EscToken> derived;
    for (std::int64_t factor = first; factor <= last; ++factor) {
      derived.push_back(EscToken::derive(esc, factor));
    }
    const std::vector<EscState> states = find_esc_states(state, derived);
    for (std::int64_t factor = first; factor <= last; ++factor) {
      const std::uint64_t uses = states[factor - first].uses();
      if (uses == 0) continue;
      const protocol::EdcTwiceDerivedToken tags(
          protocol::EdcDerivedFromDataTokenAndContentionFactor::derive(edc, factor));
      for (std::uint64_t count = 1; count <= uses; ++count) list.add(tags.tag(count));
    }
  }
}

// The tags in the blocks of stored values that belong to one of the payloads.
std::vector<Tag> held_tags(Operation& op, const Namespace& ns, std::string_view path,
                           const Payloads& payloads) {
  TagList list(op);
  const Collection* collection = op.collection(ns);
  if (collection == nullptr) return {};
  std::vector<protocol::ServerMetadataTokens> tokens;
  for (const auto& payload : payloads) {
    for (const auto& set : payload.sets) tokens.emplace_back(set.server_derived);
  }
  RecordCursor cursor = collection->scan(op);
  while (cursor.next()) {
    op.check_interrupt();
    for_each_blob(cursor.document(), [&](std::string_view at, const bson::BlobFacts* facts,
                                         BytesView blob) {
      if (at != path || facts == nullptr || !facts->is_indexed()) return;
      const auto value = indexed_value(blob);
      for (std::size_t i = 0; value && i < value->block_count(); ++i) {
        const auto block = value->block(i);
        if (std::ranges::any_of(tokens, [&](const auto& each) { return block.belongs_to(each); })) {
          list.add(block.tag());
        }
      }
    });
  }
  return std::move(list).sorted();
}

}  // namespace

bool is_find_payload(bson::ValueView value) {
  const bson::BlobFacts* facts = bson::blob_facts(value);
  return facts != nullptr && facts->role == bson::BlobRole::kFindPayload;
}

bool holds_find_payload(bson::ValueView value) {
  if (!value.is_document() && !value.is_array()) return is_find_payload(value);
  for (const bson::Element& element : value.as_document_or_array()) {
    if (holds_find_payload(element)) return true;
  }
  return false;
}

void refuse_order_comparison(std::string_view op, bson::ValueView payload) {
  const schema::AlgorithmFacts* algorithm = schema::algorithm_of(*bson::blob_subtype(payload));
  if (algorithm != nullptr && schema::answers(algorithm->algorithm, schema::kAnswersOrder)) {
    throw NotSupported(
        fmt::format("The embedded engine cannot answer {} queries ({}) on encrypted "
                    "fields yet",
                    algorithm->name, op));
  }
  throw Error(7292600, fmt::format("The payload under {} is not one for a range query", op));
}

std::vector<Tag> query_tags(StateCollections& state, const PayloadRules& rules, const Namespace& ns,
                            std::string_view path, std::span<const bson::ValueView> payloads,
                            TooManyTags too_many) {
  const Payloads all = parsed(rules, path, payloads);
  try {
    TagList tags(state.operation());
    for (const protocol::FindTokens& payload : all) {
      for (const protocol::FindTokenSet& set : payload.sets) {
        add_issued(state, set, payload.max_contention, tags);
      }
    }
    return std::move(tags).sorted();
  } catch (const Error& error) {
    if (too_many == TooManyTags::kFail || !error.is(ErrorCode::kFLEMaxTagLimitExceeded)) throw;
  }
  return held_tags(state.operation(), ns, path, all);
}

}  // namespace quern::engine::qe
