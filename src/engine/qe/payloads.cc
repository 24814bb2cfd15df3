// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/payloads.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/qe/payload_rules.h"
#include "engine/qe/query_algorithm.h"
#include "engine/qe/state_collections.h"
#include "engine/session/engine.h"
#include "protocol/indexed_value.h"

namespace quern::engine::qe {
namespace {

using bson::BlobRole;
using protocol::InsertUpdatePayloadV2;

// A payload with the token sets that its field's query type finds in it.
struct CheckedPayload {
  InsertUpdatePayloadV2 payload;
  schema::Algorithm algorithm;
};

std::vector<CheckedPayload> checked_payloads(const PayloadRules& rules,
                                             std::span<const LocatedPayload> located) {
  std::vector<CheckedPayload> payloads;
  payloads.reserve(located.size());
  for (const LocatedPayload& one : located) {
    InsertUpdatePayloadV2 payload = InsertUpdatePayloadV2::parse(one.blob);
    const schema::Algorithm algorithm = rules.check(one.path, payload).algorithm();
    payloads.push_back({std::move(payload), algorithm});
    const auto same_key = [&](const CheckedPayload& earlier) {
      return earlier.payload.index_key_id == payloads.back().payload.index_key_id;
    };
    if (std::any_of(payloads.begin(), payloads.end() - 1, same_key)) {
      throw Error(6371407, fmt::format("'{}' uses an index key that another field of the document "
                                       "uses",
                                       one.path));
    }
  }
  return payloads;
}

// Copies an element; payloads in it are replaced by the values from next on.
void append_replaced(bson::Builder& out, const bson::Element& element,
                     std::vector<Bytes>::const_iterator& next) {
  if (element.is_document() || element.is_array()) {
    element.is_array() ? out.open_array(element.key()) : out.open_document(element.key());
    for (const bson::Element& member : element.as_document_or_array()) {
      append_replaced(out, member, next);
    }
    out.close();
  } else if (is_insert_payload(element)) {
    out.append(element.key(), bson::Binary{bson::BinarySubtype::kEncrypted, *next++});
  } else {
    out.append(element);
  }
}

}  // namespace

bool is_insert_payload(bson::ValueView value) {
  const bson::BlobFacts* facts = bson::blob_facts(value);
  return facts != nullptr && facts->is(BlobRole::kInsertPayload, 2);
}

void refuse_safe_content() {
  throw Error(6666200, "Cannot modify __safeContent__ field in document.");
}

void check_no_safe_content(bson::View document) {
  if (document.contains(kSafeContent)) refuse_safe_content();
}

std::vector<LocatedPayload> locate_insert_payloads(bson::View document) {
  std::vector<LocatedPayload> payloads;
  const auto refuse = [](std::string_view path) {
    throw Error(
        6373503,
        fmt::format("'{}' holds an encrypted value of a kind that cannot be written", path));
  };
  for_each_blob(document, [&](std::string_view path, const bson::BlobFacts* facts, BytesView blob) {
    if (facts == nullptr) return refuse(path);
    if (facts->is(BlobRole::kInsertPayload, 2)) {
      payloads.push_back({std::string(path), blob});
    } else if (facts->is(BlobRole::kInsertPayload, 1)) {
      throw Error(7291901, fmt::format("'{}' holds a payload of Queryable Encryption version 1, "
                                       "which is no longer supported",
                                       path));
    } else if (facts->subtype == bson::BlobSubtype::kUnindexedValueV1) {
      throw Error(7413901, fmt::format("'{}' holds a value of Queryable Encryption version 1, "
                                       "which is no longer supported",
                                       path));
    } else if (facts->role != BlobRole::kFindPayload &&
               facts->subtype != bson::BlobSubtype::kUnindexedValueV2) {
      refuse(path);
    }  // else left to the collection's implicit schema
  });
  return payloads;
}

IssuedValues issue_values(Operation& op, const Namespace& ns, const schema::EncryptedFields& fields,
                          std::span<const LocatedPayload> located) {
  const std::vector<CheckedPayload> payloads =
      checked_payloads(PayloadRules(op, ns, fields), located);
  StateCollections state(op, ns, fields);
  IssuedValues issued;
  issued.stored_values.reserve(payloads.size());
  issued.tags.reserve(payloads.size());
  std::vector<protocol::IndexedValue::Use> uses;
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    const auto& [payload, algorithm] = payloads[i];
    uses.clear();
    for (const protocol::TokenSet& set :
         query_algorithm(algorithm).insert_tokens(located[i].path, payload)) {
      const protocol::EscTwiceDerivedTagToken ids(set.esc);
      const std::uint64_t count = find_esc_state(state, set.esc, ids).uses() + 1;
      state.insert_non_anchor(ids.non_anchor_id(count));
      state.insert_compaction_record(located[i].path, set.encrypted_tokens.bytes());
      uses.push_back({&set, count, protocol::EdcTwiceDerivedToken(set.edc).tag(count)});
      issued.tags.push_back(uses.back().tag);
    }
    issued.stored_values.push_back(protocol::IndexedValue::build(
        schema::algorithm_facts(algorithm).stored, payload, uses, op.engine().random()));
  }
  return issued;
}

bson::Document with_issued_values(bson::View document, const IssuedValues& issued) {
  const auto append_all_tags = [&](bson::Builder& out, bson::View old_tags) {
    out.open_array(kSafeContent);
    for (const bson::Element& tag : old_tags) out.push(tag.value());
    append_tags(out, issued.tags);
    out.close();
  };
  bson::Builder out;
  auto next = issued.stored_values.begin();
  bool has_tags = false;
  for (const bson::Element& element : document) {
    if (element.key() != kSafeContent) {
      append_replaced(out, element, next);
      continue;
    }
    if (!element.is_array()) throw Error(6373510, "__safeContent__ must be an array");
    append_all_tags(out, element.as_array());
    has_tags = true;
  }
  if (!has_tags) append_all_tags(out, bson::View());
  return out.finish();
}

void append_with_stored_values(bson::Builder& out, bson::View document,
                               const IssuedValues& issued) {
  auto next = issued.stored_values.begin();
  for (const bson::Element& element : document) append_replaced(out, element, next);
}

}  // namespace quern::engine::qe
