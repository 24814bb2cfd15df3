// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/state_collections.h"

#include <algorithm>
#include <vector>

#include "engine/session/engine.h"

namespace quern::engine::qe {
namespace {

// An ESC id as the BSON value that _id holds: length, subtype 0, bytes.
class IdValue {
 public:
  explicit IdValue(const protocol::EscId& id) {
    store_le<std::int32_t>(bytes_.data(), static_cast<std::int32_t>(id.size()));
    bytes_[4] = static_cast<std::uint8_t>(bson::BinarySubtype::kGeneric);
    std::copy(id.begin(), id.end(), bytes_.begin() + 5);
  }
  operator bson::ValueView() const { return {bson::Type::kBinary, bytes_}; }

 private:
  std::array<std::uint8_t, 5 + sizeof(protocol::EscId)> bytes_;
};

bson::Binary generic(BytesView bytes) { return {bson::BinarySubtype::kGeneric, bytes}; }

[[noreturn]] void conflict() {
  DatabaseError error(ErrorCode::kWriteConflict,
                      "Another transaction counted a use of the same encrypted value: please retry "
                      "your operation or multi-document transaction");
  error.add_label("TransientTransactionError");
  throw error;
}

}  // namespace

bson::View state_collection_options() {
  static const bson::Document options =
      bson::doc("clusteredIndex", bson::doc("key", bson::doc("_id", 1), "unique", true));
  return options.view();
}

StateCollections::StateCollections(Operation& op, const Namespace& ns,
                                   const schema::EncryptedFields& fields)
    : op_(op),
      esc_name_{ns.database, fields.esc_collection()},
      ecoc_name_{ns.database, fields.ecoc_collection()} {}

const Collection* StateCollections::readable_esc() {
  if (!esc_known_) {
    esc_ = op_.collection(esc_name_);
    esc_known_ = true;
  }
  return esc_;
}

const Collection& StateCollections::writable_esc() {
  if (readable_esc() == nullptr) {
    esc_ = &op_.collection_or_create(esc_name_, state_collection_options());
  }
  return *esc_;
}

void StateCollections::exists(std::span<const protocol::EscId> ids, std::span<bool> found) {
  const Collection* esc = readable_esc();
  if (esc == nullptr) {
    std::ranges::fill(found, false);
    return;
  }
  reads_ += ids.size();
  const std::vector<IdValue> values(ids.begin(), ids.end());
  esc->exists(op_, std::vector<bson::ValueView>(values.begin(), values.end()), found);
}

std::optional<protocol::EscValue> StateCollections::value(const protocol::EscId& id) {
  const Collection* esc = readable_esc();
  if (esc == nullptr) return std::nullopt;
  ++reads_;
  storage::PinnedValue pinned;
  const std::optional<bson::View> document = esc->find_by_id(op_, IdValue(id), pinned);
  if (!document) return std::nullopt;
  const bson::Element value = (*document)["value"];
  protocol::EscValue result;
  if (!value.is_binary(bson::BinarySubtype::kGeneric)) return std::nullopt;
  const BytesView bytes = value.as_binary().bytes;
  if (bytes.size() != result.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), result.begin());
  return result;
}

void StateCollections::insert(bson::View document) {
  try {
    writable_esc().insert(op_, document);
  } catch (const Error& error) {
    if (error.is(ErrorCode::kDuplicateKey)) conflict();
    throw;
  }
}

void StateCollections::insert_non_anchor(const protocol::EscId& id) {
  insert(bson::doc("_id", generic(id)));
}

void StateCollections::insert_anchor(const protocol::EscId& id, const protocol::EscValue& value) {
  insert(bson::doc("_id", generic(id), "value", generic(value)));
}

void StateCollections::replace_anchor(const protocol::EscId& id, const protocol::EscValue& value) {
  const Collection& esc = writable_esc();
  const RecordId record = record_id_of(IdValue(id));
  storage::PinnedValue pinned;
  const std::optional<bson::View> old = esc.lock(op_, record, pinned);
  const bson::Document anchor = bson::doc("_id", generic(id), "value", generic(value));
  if (old) {
    esc.update(op_, record, *old, anchor);
  } else {
    esc.insert(op_, anchor);
  }
}

bool StateCollections::remove(const protocol::EscId& id) {
  const Collection* esc = readable_esc();
  if (esc == nullptr) return false;
  const RecordId record = record_id_of(IdValue(id));
  storage::PinnedValue pinned;
  const std::optional<bson::View> old = esc->lock(op_, record, pinned);
  if (!old) return false;
  esc->remove(op_, record, *old);
  return true;
}

void StateCollections::insert_compaction_record(std::string_view path, BytesView encrypted_token) {
  if (ecoc_ == nullptr) {
    ecoc_ = &op_.collection_or_create(ecoc_name_, state_collection_options());
  }
  ecoc_->insert(op_, bson::doc("_id", op_.engine().object_ids().next(), "fieldName", path, "value",
                               generic(encrypted_token)));
}

}  // namespace quern::engine::qe
