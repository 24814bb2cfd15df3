// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// An index: its specification and the keys that a document has in it.
// The entries' bytes are described in docs/format/index_keys.md.
#ifndef QUERN_ENGINE_CATALOG_INDEX_H_
#define QUERN_ENGINE_CATALOG_INDEX_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "quern/bson/document.h"
#include "quern/command/namespace.h"
#include "query/plan/index_keys.h"
#include "storage/record_id.h"
#include "storage/store.h"

namespace quern::query {
class Matcher;
}

namespace quern::engine {

// Immutable but for the multikey flag, which only ever goes from false to true.
class Index {
 public:
  // spec is complete and was checked (engine/catalog/index_spec.h).
  Index(bson::Document spec, std::uint32_t table, bool multikey);
  ~Index();

  bson::View spec() const { return spec_; }  // {v: 2, key: {…}, name: …, unique, sparse, …}
  const std::string& name() const { return name_; }
  bson::View key() const { return key_; }
  std::uint32_t table() const { return table_; }
  bool unique() const { return unique_; }
  bool sparse() const { return sparse_; }
  // False for hidden indexes: they are kept up to date but answer no query.
  bool plannable() const { return plannable_; }
  // Some document has, or had, several keys in the index.
  bool multikey() const { return multikey_.load(std::memory_order_acquire); }
  const std::atomic<bool>& multikey_flag() const { return multikey_; }
  void set_multikey() const { multikey_.store(true, std::memory_order_release); }
  const query::Matcher* partial_filter() const { return partial_filter_.get(); }

  // The document's keys in this index, each encoded with the table in front, sorted and without
  // duplicates; none if the document is not in the index. Sets several when a path led through an
  // array. Throws CannotIndexParallelArrays (171).
  void keys(bson::View document, std::vector<std::string>& out, bool& several) const;

  // Writes one entry. Throws DuplicateKeyError when the index is unique and another record has that
  // key. The caller holds the record's lock.
  void insert(storage::WriteTransaction& transaction, const std::string& key,
              const storage::RecordId& record, const Namespace& ns, bson::View document) const;
  void remove(storage::WriteTransaction& transaction, const std::string& key,
              const storage::RecordId& record) const;
  // The record that an entry leads to.
  BytesView record_of(BytesView entry_key, BytesView entry_value) const;

 private:
  bson::Document spec_;
  std::string name_;
  bson::Document key_;
  query::IndexKeyPattern pattern_;
  std::vector<bool> descending_;
  std::uint32_t table_;
  bool unique_;
  bool sparse_;
  bool plannable_;
  mutable std::atomic<bool> multikey_;
  std::unique_ptr<const query::Matcher> partial_filter_;
};

}  // namespace quern::engine

#endif  // QUERN_ENGINE_CATALOG_INDEX_H_
