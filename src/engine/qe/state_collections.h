// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The two state collections of an encrypted collection, as documents in the engine's storage:
//
//   ESC   {_id: binData 0 (32)[, value: binData 0 (32)]}      counters, see engine/qe/esc_counter.h
//   ECOC  {_id: ObjectId, fieldName: path, value: binData 0}  what compaction has still to look at
//
// Both are clustered on _id and are ordinary collections otherwise.
// docs/format/state_collections.md.
#ifndef QUERN_ENGINE_QE_STATE_COLLECTIONS_H_
#define QUERN_ENGINE_QE_STATE_COLLECTIONS_H_

#include <array>
#include <string_view>

#include "engine/qe/esc_compaction.h"
#include "engine/session/operation.h"
#include "quern/command/namespace.h"
#include "schema/encrypted_fields.h"

namespace quern::engine::qe {

// The options of a state collection: {clusteredIndex: {key: {_id: 1}, unique: true}}.
bson::View state_collection_options();

// Reads and writes through an operation, in its snapshot or transaction. A missing collection is
// empty for reads and created by the first write. One object serves one attempt of a write body.
class StateCollections : public EscStore {
 public:
  StateCollections(Operation& op, const Namespace& ns, const schema::EncryptedFields& fields);

  void exists(std::span<const protocol::EscId> ids, std::span<bool> found) override;
  std::optional<protocol::EscValue> value(const protocol::EscId& id) override;

  // Inside a write body. An id that is there already was taken by another transaction: thrown as
  // WriteConflict, so that the body is run again with fresh counts.
  void insert_non_anchor(const protocol::EscId& id);
  void insert_anchor(const protocol::EscId& id, const protocol::EscValue& value) override;
  void replace_anchor(const protocol::EscId& id, const protocol::EscValue& value) override;
  bool remove(const protocol::EscId& id);  // false when it was gone already
  void insert_compaction_record(std::string_view path, BytesView encrypted_token);

  Operation& operation() { return op_; }
  const Namespace& esc() const { return esc_name_; }
  const Namespace& ecoc() const { return ecoc_name_; }
  std::uint64_t reads() const { return reads_; }  // of single ESC documents, for statistics

 private:
  const Collection* readable_esc();
  const Collection& writable_esc();
  void insert(bson::View document);

  Operation& op_;
  Namespace esc_name_;
  Namespace ecoc_name_;
  const Collection* esc_ = nullptr;
  const Collection* ecoc_ = nullptr;
  bool esc_known_ = false;
  std::uint64_t reads_ = 0;
};

}  // namespace quern::engine::qe

#endif  // QUERN_ENGINE_QE_STATE_COLLECTIONS_H_
