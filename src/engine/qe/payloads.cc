// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/payloads.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/qe/payload_rules.h"
#include "engine/qe/state_collections.h"
#include "engine/session/engine.h"
#include "protocol/indexed_equality_value.h"

namespace quern::engine::qe {
namespace {

using bson::BlobSubtype;
using protocol::InsertUpdatePayloadV2;

std::vector<InsertUpdatePayloadV2> checked_payloads(const PayloadRules& rules,
                                                    std::span<const LocatedPayload> located) {
  std::vector<InsertUpdatePayloadV2> payloads;
  payloads.reserve(located.size());
  for (const LocatedPayload& one : located) {
    payloads.push_back(InsertUpdatePayloadV2::parse(one.blob));
    rules.check(one.path, payloads.back());
    const auto same_key = [&](const InsertUpdatePayloadV2& earlier) {
      return earlier.index_key_id == payloads.back().index_key_id;
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
  } else if (bson::blob_subtype(element) == BlobSubtype::kInsertUpdatePayloadV2) {
    out.append(element.key(), bson::Binary{bson::BinarySubtype::kEncrypted, *next++});
  } else {
    out.append(element);
  }
}

}  // namespace

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
  for_each_blob(document, [&](std::string_view path, std::optional<BlobSubtype> subtype,
                              BytesView blob) {
    if (!subtype) return refuse(path);
    switch (*subtype) {
      case BlobSubtype::kInsertUpdatePayloadV2:
        payloads.push_back({std::string(path), blob});
        return;
      case BlobSubtype::kUnindexedValueV2:
      case BlobSubtype::kFindEqualityPayloadV1:
      case BlobSubtype::kFindRangePayloadV1:
      case BlobSubtype::kFindEqualityPayloadV2:
      case BlobSubtype::kFindRangePayloadV2:
      case BlobSubtype::kFindTextPayload:
        return;  // left to the collection's implicit schema
      case BlobSubtype::kInsertUpdatePayloadV1:
        throw Error(7291901, fmt::format("'{}' holds a payload of Queryable Encryption version 1, "
                                         "which is no longer supported",
                                         path));
      case BlobSubtype::kUnindexedValueV1:
        throw Error(7413901, fmt::format("'{}' holds a value of Queryable Encryption version 1, "
                                         "which is no longer supported",
                                         path));
      default:
        return refuse(path);
    }
  });
  return payloads;
}

IssuedValues issue_values(Operation& op, const Namespace& ns, const schema::EncryptedFields& fields,
                          std::span<const LocatedPayload> located) {
  const std::vector<InsertUpdatePayloadV2> payloads =
      checked_payloads(PayloadRules(op, ns, fields), located);
  StateCollections state(op, ns, fields);
  IssuedValues issued;
  issued.stored_values.reserve(payloads.size());
  issued.tags.reserve(payloads.size());
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    const InsertUpdatePayloadV2& payload = payloads[i];
    const protocol::EscTwiceDerivedTagToken ids(payload.esc);
    const std::uint64_t count = find_esc_state(state, payload.esc, ids).uses() + 1;
    state.insert_non_anchor(ids.non_anchor_id(count));
    state.insert_compaction_record(located[i].path, payload.encrypted_tokens);
    issued.tags.push_back(protocol::EdcTwiceDerivedToken(payload.edc).tag(count));
    issued.stored_values.push_back(protocol::IndexedEqualityEncryptedValueV2::build(
        payload, count, issued.tags.back(), op.engine().random()));
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
