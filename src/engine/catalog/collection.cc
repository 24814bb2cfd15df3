// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/catalog/collection.h"

#include <algorithm>

#include "engine/catalog/access.h"
#include "engine/catalog/duplicate_key.h"
#include "engine/catalog/table_state.h"
#include "engine/rules/validator.h"
#include "storage/table_range.h"

namespace quern::engine {
namespace {

std::string record_key(std::uint32_t table, BytesView record) {
  std::string key;
  key.reserve(storage::kTableSize + record.size());
  storage::append_table(key, table);
  key.append(as_text(record));
  return key;
}

std::vector<query::PlannableIndex> plannable(
    const std::vector<std::shared_ptr<const Index>>& indexes) {
  std::vector<query::PlannableIndex> result;
  query::PlannableIndex& id = result.emplace_back();
  id.name = "_id_";
  id.key = bson::doc("_id", 1);
  id.unique = true;
  for (const auto& index : indexes) {
    if (!index->plannable()) continue;
    query::PlannableIndex& info = result.emplace_back();
    info.name = index->name();
    info.key = bson::Document(index->key());
    info.unique = index->unique();
    info.sparse = index->sparse();
    info.multikey_flag = &index->multikey_flag();
    if (index->partial_filter() != nullptr) info.partial = *index->partial_filter();
  }
  return result;
}

}  // namespace

RecordId record_id_of(bson::ValueView id) {
  std::string key;
  storage::append_key(key, id);
  return RecordId(std::move(key));
}

bool RecordCursor::next() {
  if (started_) {
    iterator_->next();
  } else {
    iterator_->seek(as_bytes(first_));
    started_ = true;
  }
  return iterator_->valid();
}

Collection::Collection(Namespace ns, Uuid uuid, std::uint32_t table, bson::Document options,
                       std::vector<std::shared_ptr<const Index>> indexes,
                       std::shared_ptr<TableState> state)
    : ns_(std::move(ns)),
      uuid_(uuid),
      table_(table),
      options_(std::move(options)),
      indexes_(std::move(indexes)),
      plannable_indexes_(plannable(indexes_)),
      state_(std::move(state)) {
  if (const bson::Element fields = options_["encryptedFields"]; fields.is_document()) {
    encrypted_fields_ = schema::EncryptedFields::parse(fields.as_document(), ns_.collection);
  }
  validator_ = Validator::from_options(options_);
}

Collection::~Collection() = default;

const Index* Collection::find_index(std::string_view name) const {
  const auto at = std::find_if(indexes_.begin(), indexes_.end(),
                               [&](const auto& index) { return index->name() == name; });
  return at == indexes_.end() ? nullptr : at->get();
}

std::vector<std::uint32_t> Collection::tables() const {
  std::vector<std::uint32_t> tables = {table_};
  for (const auto& index : indexes_) tables.push_back(index->table());
  return tables;
}

std::optional<bson::View> Collection::find_by_id(Access& op, bson::ValueView id,
                                                 storage::PinnedValue& pinned) const {
  std::string key;
  storage::append_table(key, table_);
  storage::append_key(key, id);
  if (!op.reader().get(as_bytes(key), pinned)) return std::nullopt;
  return bson::View(pinned.bytes().data());
}

std::optional<bson::View> Collection::find(Access& op, const RecordId& record,
                                           storage::PinnedValue& pinned) const {
  if (!op.reader().get(as_bytes(record_key(table_, record.bytes())), pinned)) return std::nullopt;
  return bson::View(pinned.bytes().data());
}

void Collection::exists(Access& op, std::span<const bson::ValueView> ids,
                        std::span<bool> found) const {
  constexpr std::size_t kUsualKey = 48;  // of a binary id of 32 bytes: 42
  std::string buffer;
  buffer.reserve(kUsualKey * ids.size());
  std::vector<std::size_t> ends;
  ends.reserve(ids.size());
  for (const bson::ValueView& id : ids) {
    storage::append_table(buffer, table_);
    storage::append_key(buffer, id);
    ends.push_back(buffer.size());
  }
  std::vector<BytesView> keys;
  keys.reserve(ids.size());
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    keys.push_back(as_bytes(std::string_view(buffer).substr(begin, end - begin)));
    begin = end;
  }
  op.reader().contains(keys, found);
}

RecordCursor Collection::scan(Access& op, const RecordId& after) const {
  const storage::TableRange records(table_);
  std::string first(as_text(records.lower()));
  if (!after.empty()) first.append(as_text(after.bytes())).push_back('\0');
  return RecordCursor(op.reader().iterator(records), std::move(first));
}

void Collection::insert(Access& op, bson::View document) const {
  op.enter(*this);
  storage::WriteTransaction& transaction = op.transaction();
  const bson::Element id = document.front();
  std::string key;
  key.reserve(64);
  storage::append_table(key, table_);
  storage::append_key(key, id);
  const BytesView record_bytes = as_bytes(key).subspan(storage::kTableSize);
  transaction.lock(as_bytes(key));
  storage::PinnedValue existing;
  if (!state_->high_water.raise(op.store(), table_, record_bytes) &&
      transaction.get(as_bytes(key), existing)) {
    throw DuplicateKeyError(ns_, "_id_", bson::doc("_id", 1), bson::doc("_id", id.value()));
  }
  transaction.put_guarded(as_bytes(key), document.bytes());
  if (indexes_.empty()) return;
  const RecordId record(record_bytes);
  std::vector<std::string> keys;
  for (const auto& index : indexes_) {
    bool several = false;
    index->keys(document, keys, several);
    if (several && !index->multikey()) op.set_multikey(*this, *index);
    for (const std::string& entry : keys) index->insert(transaction, entry, record, ns_, document);
  }
}

std::optional<bson::View> Collection::lock(Access& op, const RecordId& record,
                                           storage::PinnedValue& pinned) const {
  op.enter(*this);
  const std::string key = record_key(table_, record.bytes());
  if (!op.transaction().get_for_update(as_bytes(key), pinned)) return std::nullopt;
  return bson::View(pinned.bytes().data());
}

void Collection::update(Access& op, const RecordId& record, bson::View old_document,
                        bson::View new_document) const {
  op.enter(*this);
  storage::WriteTransaction& transaction = op.transaction();
  transaction.put(as_bytes(record_key(table_, record.bytes())), new_document.bytes());
  std::vector<std::string> before;
  std::vector<std::string> after;
  std::vector<std::string> changed;
  for (const auto& index : indexes_) {
    bool several = false;
    index->keys(old_document, before, several);
    several = false;
    index->keys(new_document, after, several);
    if (before == after) continue;
    if (several && !index->multikey()) op.set_multikey(*this, *index);
    changed.clear();
    std::set_difference(before.begin(), before.end(), after.begin(), after.end(),
                        std::back_inserter(changed));
    for (const std::string& entry : changed) index->remove(transaction, entry, record);
    changed.clear();
    std::set_difference(after.begin(), after.end(), before.begin(), before.end(),
                        std::back_inserter(changed));
    for (const std::string& entry : changed) {
      index->insert(transaction, entry, record, ns_, new_document);
    }
  }
}

void Collection::remove(Access& op, const RecordId& record, bson::View old_document) const {
  op.enter(*this);
  storage::WriteTransaction& transaction = op.transaction();
  transaction.remove(as_bytes(record_key(table_, record.bytes())));
  std::vector<std::string> keys;
  for (const auto& index : indexes_) {
    bool several = false;
    index->keys(old_document, keys, several);
    for (const std::string& entry : keys) index->remove(transaction, entry, record);
  }
}

}  // namespace quern::engine
