// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A collection: its options and indexes (immutable: a schema change makes a new Collection object),
// and the reading and writing of its records together with their index entries.
#ifndef QUERN_ENGINE_CATALOG_COLLECTION_H_
#define QUERN_ENGINE_CATALOG_COLLECTION_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/catalog/index.h"
#include "quern/base/uuid.h"
#include "quern/bson/document.h"
#include "quern/command/namespace.h"
#include "query/plan/planner.h"
#include "schema/encrypted_fields.h"
#include "storage/key_format.h"
#include "storage/record_id.h"
#include "storage/store.h"

namespace quern::engine {

class Access;
class Validator;
struct TableState;
using storage::RecordId;

// Walks the records of a collection in the order of their _id. Not thread-safe.
class RecordCursor {
 public:
  RecordCursor(std::unique_ptr<storage::Iterator> iterator, std::string first)
      : iterator_(std::move(iterator)), first_(std::move(first)) {}
  // Moves to the next record; false at the end.
  bool next();
  // Valid until the next call of next().
  bson::View document() const { return bson::View(iterator_->value().data()); }
  BytesView bytes() const { return iterator_->value(); }
  BytesView record_id() const { return iterator_->key().subspan(storage::kTableSize); }

 private:
  std::unique_ptr<storage::Iterator> iterator_;
  std::string first_;
  bool started_ = false;
};

// Thread-safe: immutable but for one flag.
class Collection {
 public:
  Collection(Namespace ns, Uuid uuid, std::uint32_t table, bson::Document options,
             std::vector<std::shared_ptr<const Index>> indexes, std::shared_ptr<TableState> state);
  ~Collection();

  const Namespace& ns() const { return ns_; }
  const Uuid& uuid() const { return uuid_; }
  std::uint32_t table() const { return table_; }
  // As listCollections shows them: validator, encryptedFields, clusteredIndex, ….
  bson::View options() const { return options_; }
  // Null when the collection is not encrypted.
  const schema::EncryptedFields* encrypted_fields() const {
    return encrypted_fields_ ? &*encrypted_fields_ : nullptr;
  }
  // Null when there is no validator.
  const Validator* validator() const { return validator_.get(); }
  const std::vector<std::shared_ptr<const Index>>& indexes() const {
    return indexes_;
  }  // without _id
  const Index* find_index(std::string_view name) const;
  // Documents lie in the order of _id by the will of who created the collection: its index on _id
  // is not one of those that there are.
  bool is_clustered() const { return options_.view().contains("clusteredIndex"); }
  // Of its records, then of its indexes.
  std::vector<std::uint32_t> tables() const;
  // What the planner may choose from: first _id, then those that are not hidden.
  std::span<const query::PlannableIndex> plannable_indexes() const { return plannable_indexes_; }

  // --- reading, through op.reader()
  // The document with that _id (compared as MongoDB compares: 1 and 1.0 are the same), pinned.
  std::optional<bson::View> find_by_id(Access& op, bson::ValueView id,
                                       storage::PinnedValue& pinned) const;
  std::optional<bson::View> find(Access& op, const RecordId& record,
                                 storage::PinnedValue& pinned) const;
  // Whether there is a document with ids[i], for each i.
  void exists(Access& op, std::span<const bson::ValueView> ids, std::span<bool> found) const;
  // From the beginning, or after that record (which need not be there).
  RecordCursor scan(Access& op, const RecordId& after = {}) const;

  // --- writing, inside a write body (engine/session/retry.h). None of these validates the document
  // against the collection's validator or the encryption rules: the commands do
  // (engine/write/write_rules.h). document has a valid _id as its first member. Throws
  // DuplicateKeyError or WriteConflict.
  void insert(Access& op, bson::View document) const;
  // Locks the record and reads its latest state; nothing when it is gone. Throws WriteConflict.
  std::optional<bson::View> lock(Access& op, const RecordId& record,
                                 storage::PinnedValue& pinned) const;
  // Replaces old_document, which is the stored state, by one with the same _id.
  void update(Access& op, const RecordId& record, bson::View old_document,
              bson::View new_document) const;
  void remove(Access& op, const RecordId& record, bson::View old_document) const;

  // --- schema changes
  // What all versions of this collection share.
  const std::shared_ptr<TableState>& state() const { return state_; }
  // False once a newer Collection object (or none) took this one's place.
  bool current() const { return !retired_.load(std::memory_order_acquire); }
  void retire() const { retired_.store(true, std::memory_order_release); }

 private:
  Namespace ns_;
  Uuid uuid_;
  std::uint32_t table_;
  bson::Document options_;
  std::optional<schema::EncryptedFields> encrypted_fields_;
  std::unique_ptr<const Validator> validator_;
  std::vector<std::shared_ptr<const Index>> indexes_;
  std::vector<query::PlannableIndex> plannable_indexes_;
  std::shared_ptr<TableState> state_;
  mutable std::atomic<bool> retired_ = false;
};

// The record id of a document with that _id.
RecordId record_id_of(bson::ValueView id);

}  // namespace quern::engine

#endif  // QUERN_ENGINE_CATALOG_COLLECTION_H_
