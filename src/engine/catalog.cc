// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/catalog.h"

#include <algorithm>
#include <optional>
#include <set>

#include "engine/table_state.h"
#include "quern/base/error.h"
#include "storage/key_format.h"

namespace quern::engine {
namespace {

constexpr std::uint32_t kCatalogTable = 0;
constexpr std::int32_t kFormatVersion = 1;
constexpr std::chrono::seconds kLockTimeout{5};
constexpr std::size_t kBuildBatch = 1000;

std::string catalog_key(char kind, std::string_view name = {}) {
  std::string key;
  storage::append_table(key, kCatalogTable);
  key.push_back(kind);
  key.append(name);
  return key;
}
std::string format_key() { return catalog_key('f'); }
std::string next_table_key() { return catalog_key('n'); }
std::string collection_key(const Namespace& ns) { return catalog_key('c', ns.to_string()); }
std::string doomed_key(std::uint32_t table) {
  std::string name;
  storage::append_table(name, table);
  return catalog_key('d', name);
}

// multikey: an index that is to be written as such, although its flag isn't set yet.
bson::Document entry_of(const Collection& collection, const Index* multikey = nullptr) {
  bson::Builder b;
  b.append("ns", collection.ns().to_string());
  b.append("uuid", collection.uuid());
  b.append("table", static_cast<std::int64_t>(collection.table()));
  b.append("options", collection.options());
  b.open_array("indexes");
  for (const auto& index : collection.indexes()) {
    b.push_document();
    b.append("spec", index->spec());
    b.append("table", static_cast<std::int64_t>(index->table()));
    b.append("multikey", index->multikey() || index.get() == multikey);
    b.close();
  }
  b.close();
  return b.finish();
}

std::uint32_t table_of(bson::View entry) {
  return static_cast<std::uint32_t>(entry["table"].as_int64());
}

Namespace stored_namespace(std::string_view text) {
  const std::size_t dot = text.find('.');
  return {std::string(text.substr(0, dot)), std::string(text.substr(dot + 1))};
}

std::shared_ptr<const Collection> read_entry(bson::View entry) {
  std::vector<std::shared_ptr<const Index>> indexes;
  for (const bson::Element& element : entry["indexes"].as_array()) {
    const bson::View index = element.as_document();
    indexes.push_back(std::make_shared<const Index>(bson::Document(index["spec"].as_document()),
                                                    table_of(index), index["multikey"].truthy()));
  }
  return std::make_shared<const Collection>(stored_namespace(entry["ns"].as_string()),
                                            entry["uuid"].as_uuid(), table_of(entry),
                                            bson::Document(entry["options"].as_document()),
                                            std::move(indexes), std::make_shared<TableState>());
}

Error not_found(const Namespace& ns) {
  return DatabaseError(ErrorCode::kNamespaceNotFound, "ns not found: " + ns.to_string());
}

// Keeps the writers of a collection out while it lives.
class Closed {
 public:
  Closed(const Catalog& catalog, const Namespace& ns) {
    const auto deadline = std::chrono::steady_clock::now() + kLockTimeout;
    for (;;) {
      const auto snapshot = catalog.snapshot();
      const auto* found = snapshot->find(ns);
      if (found == nullptr) return;
      state_ = found->state();
      if (!state_->gate.close(deadline)) {
        state_.reset();
        throw DatabaseError(ErrorCode::kLockTimeout,
                            "Unable to acquire the lock on " + ns.to_string() +
                                " within 5 seconds: a transaction is writing to the collection");
      }
      if (found->current()) {
        snapshot_ = snapshot;
        collection_ = found;
        return;
      }
      state_->gate.open();
      state_.reset();
    }
  }
  ~Closed() {
    if (state_) state_->gate.open();
  }
  Closed(const Closed&) = delete;
  Closed& operator=(const Closed&) = delete;

  // Null when there is no such collection.
  const Collection* collection() const { return collection_; }
  const Collection& required(const Namespace& ns) const {
    if (collection_ == nullptr) throw not_found(ns);
    return *collection_;
  }

 private:
  std::shared_ptr<const CatalogSnapshot> snapshot_;
  std::shared_ptr<TableState> state_;
  const Collection* collection_ = nullptr;
};

}  // namespace

const Collection* CatalogSnapshot::find(std::string_view ns) const {
  const auto at = collections_.find(ns);
  return at == collections_.end() ? nullptr : at->second.get();
}

const Collection* CatalogSnapshot::find(const Namespace& ns) const {
  char text[256];
  const std::size_t size = ns.database.size() + 1 + ns.collection.size();
  if (size > sizeof text) return find(ns.to_string());
  std::memcpy(text, ns.database.data(), ns.database.size());
  text[ns.database.size()] = '.';
  std::memcpy(text + ns.database.size() + 1, ns.collection.data(), ns.collection.size());
  return find(std::string_view(text, size));
}

std::vector<const Collection*> CatalogSnapshot::collections(std::string_view database) const {
  std::string prefix(database);
  prefix.push_back('.');
  std::vector<const Collection*> result;
  for (auto at = collections_.lower_bound(prefix);
       at != collections_.end() && at->first.starts_with(prefix); ++at) {
    result.push_back(at->second.get());
  }
  return result;
}

std::vector<std::string> CatalogSnapshot::databases() const {
  std::set<std::string> names;
  for (const auto& [ns, collection] : collections_) names.insert(collection->ns().database);
  return {names.begin(), names.end()};
}

// One schema change: what it writes, and the map that becomes the next snapshot. Nothing happens
// before commit().
class Catalog::Change {
 public:
  explicit Change(Catalog& catalog)
      : catalog_(catalog),
        lock_(catalog.mutex_),
        before_(catalog.snapshot()),
        collections_(before_->collections_),
        next_table_(catalog.next_table_),
        transaction_(catalog.store_.begin()) {}

  const Collection* find(const Namespace& ns) const {
    const auto at = collections_.find(ns.to_string());
    return at == collections_.end() ? nullptr : at->second.get();
  }
  std::uint32_t allocate_table() {
    transaction_->put(as_bytes(next_table_key()),
                      bson::doc("next", std::int64_t{next_table_ + 1}).view().bytes());
    return next_table_++;
  }
  void put(std::shared_ptr<const Collection> collection) {
    transaction_->put(as_bytes(collection_key(collection->ns())),
                      entry_of(*collection).view().bytes());
    collections_[collection->ns().to_string()] = std::move(collection);
  }
  void remove(const Namespace& ns) {
    transaction_->remove(as_bytes(collection_key(ns)));
    collections_.erase(ns.to_string());
  }
  // The table's entries are to be removed at the latest when the store is opened again.
  void doom(std::uint32_t table) {
    transaction_->put(as_bytes(doomed_key(table)), bson::Document().view().bytes());
  }
  void spare(std::uint32_t table) { transaction_->remove(as_bytes(doomed_key(table))); }

  // replaced is the Collection object that is out of date from now on.
  void commit(const Collection* replaced) {
    transaction_->commit();
    catalog_.next_table_ = next_table_;
    auto after = std::make_shared<CatalogSnapshot>();
    after->collections_ = std::move(collections_);
    after->epoch_ = before_->epoch_ + 1;
    if (replaced != nullptr) replaced->retire();
    std::atomic_store_explicit(&catalog_.snapshot_,
                               std::shared_ptr<const CatalogSnapshot>(std::move(after)),
                               std::memory_order_release);
  }

 private:
  Catalog& catalog_;
  std::lock_guard<std::mutex> lock_;
  std::shared_ptr<const CatalogSnapshot> before_;
  CatalogSnapshot::Collections collections_;
  std::uint32_t next_table_;
  std::unique_ptr<storage::Transaction> transaction_;
};

Catalog::Catalog(storage::Store& store) : store_(store) { load(); }

void Catalog::load() {
  storage::PinnedValue value;
  if (!store_.get(as_bytes(format_key()), value)) {
    const auto transaction = store_.begin();
    transaction->put(as_bytes(format_key()), bson::doc("version", kFormatVersion).view().bytes());
    transaction->commit();
  } else {
    const bson::View format = bson::View::parse(value.bytes());
    const auto version = format["version"].whole_number();
    if (version != kFormatVersion) {
      throw DatabaseError(ErrorCode::kInternalError,
                          "the database is stored in format version " +
                              (version ? std::to_string(*version) : std::string("(unreadable)")) +
                              "; this program reads and writes version " +
                              std::to_string(kFormatVersion) +
                              ": open it with the version of Quern that wrote it, or a newer one");
    }
  }
  if (store_.get(as_bytes(next_table_key()), value)) {
    next_table_ = static_cast<std::uint32_t>(bson::View::parse(value.bytes())["next"].as_int64());
  }
  auto snapshot = std::make_shared<CatalogSnapshot>();
  std::vector<std::uint32_t> doomed;
  const auto reader = store_.snapshot();
  const std::string lower = catalog_key('c');
  const std::string upper = catalog_key('e');
  const auto cursor = reader->cursor({as_bytes(lower), as_bytes(upper)});
  for (cursor->seek(as_bytes(lower)); cursor->valid(); cursor->next()) {
    const BytesView key = cursor->key();
    if (key[storage::kTableSize] == 'c') {
      auto collection = read_entry(bson::View::parse(cursor->value()));
      snapshot->collections_[collection->ns().to_string()] = std::move(collection);
    } else {
      std::uint32_t table = 0;
      for (const std::uint8_t byte : key.last(storage::kTableSize)) table = table << 8 | byte;
      doomed.push_back(table);
    }
  }
  snapshot_ = std::move(snapshot);
  purge(doomed);
}

void Catalog::purge(const std::vector<std::uint32_t>& tables) {
  for (const std::uint32_t table : tables) {
    std::string lower;
    storage::append_table(lower, table);
    std::string upper;
    storage::append_table(upper, table + 1);
    store_.purge({as_bytes(lower), as_bytes(upper)});
    const auto transaction = store_.begin({.snapshot = false});
    transaction->remove(as_bytes(doomed_key(table)));
    transaction->commit();
  }
}

bool Catalog::create(const Namespace& ns, bson::View options) {
  Namespace::check_database(ns.database);
  Namespace::check_collection(ns.collection);
  if (ns.to_string().size() > 255) {
    throw DatabaseError(
        ErrorCode::kInvalidNamespace,
        "Fully qualified namespace is too long: at most 255 bytes, " + ns.to_string());
  }
  Change change(*this);
  if (const Collection* existing = change.find(ns)) {
    if (existing->options() == options) return false;
    throw DatabaseError(ErrorCode::kNamespaceExists,
                        "Collection " + ns.to_string() + " already exists with different options");
  }
  change.put(std::make_shared<const Collection>(
      ns, Uuid::random(), change.allocate_table(), bson::Document(options),
      std::vector<std::shared_ptr<const Index>>(), std::make_shared<TableState>()));
  change.commit(nullptr);
  return true;
}

bool Catalog::drop(const Namespace& ns) {
  const Closed closed(*this, ns);
  if (closed.collection() == nullptr) return false;
  std::vector<std::uint32_t> tables = {closed.collection()->table()};
  for (const auto& index : closed.collection()->indexes()) tables.push_back(index->table());
  {
    Change change(*this);
    change.remove(ns);
    for (const std::uint32_t table : tables) change.doom(table);
    change.commit(closed.collection());
  }
  purge(tables);
  return true;
}

void Catalog::rename(const Namespace& from, const Namespace& to) {
  Namespace::check_collection(to.collection);
  const Closed closed(*this, from);
  const Collection& source = closed.required(from);
  Change change(*this);
  if (change.find(to) != nullptr) {
    throw DatabaseError(ErrorCode::kNamespaceExists, "target namespace exists: " + to.to_string());
  }
  change.remove(from);
  change.put(std::make_shared<const Collection>(to, source.uuid(), source.table(),
                                                bson::Document(source.options()), source.indexes(),
                                                source.state()));
  change.commit(&source);
}

void Catalog::create_indexes(const Namespace& ns, const std::vector<bson::Document>& specs) {
  const Closed closed(*this, ns);
  const Collection& source = closed.required(ns);
  std::vector<std::uint32_t> tables;
  {
    Change change(*this);
    for (std::size_t i = 0; i < specs.size(); ++i) {
      tables.push_back(change.allocate_table());
      change.doom(tables.back());
    }
    change.commit(nullptr);
  }
  try {
    auto indexes = source.indexes();
    for (std::size_t i = 0; i < specs.size(); ++i) {
      indexes.push_back(std::make_shared<const Index>(specs[i], tables[i], false));
      build(source, *indexes.back());
    }
    Change change(*this);
    for (const std::uint32_t table : tables) change.spare(table);
    change.put(std::make_shared<const Collection>(ns, source.uuid(), source.table(),
                                                  bson::Document(source.options()),
                                                  std::move(indexes), source.state()));
    change.commit(&source);
  } catch (...) {
    purge(tables);
    throw;
  }
}

void Catalog::build(const Collection& collection, const Index& index) {
  std::string lower;
  storage::append_table(lower, collection.table());
  std::string upper;
  storage::append_table(upper, collection.table() + 1);
  const auto reader = store_.snapshot();
  const auto cursor = reader->cursor({as_bytes(lower), as_bytes(upper)});
  auto transaction = store_.begin({.snapshot = false});
  std::size_t written = 0;
  std::vector<std::string> keys;
  for (cursor->seek(as_bytes(lower)); cursor->valid(); cursor->next()) {
    const bson::View document(cursor->value().data());
    const RecordId record(cursor->key().subspan(storage::kTableSize));
    bool several = false;
    index.keys(document, keys, several);
    if (several) index.set_multikey();
    for (const std::string& key : keys) {
      index.insert(*transaction, key, record, collection.ns(), document);
    }
    written += keys.size();
    if (written >= kBuildBatch) {
      transaction->commit();
      transaction = store_.begin({.snapshot = false});
      written = 0;
    }
  }
  transaction->commit();
}

void Catalog::drop_indexes(const Namespace& ns, const std::vector<std::string>& names) {
  const Closed closed(*this, ns);
  const Collection& source = closed.required(ns);
  std::vector<std::uint32_t> tables;
  auto indexes = source.indexes();
  for (const std::string& name : names) {
    const auto at = std::find_if(indexes.begin(), indexes.end(),
                                 [&](const auto& index) { return index->name() == name; });
    if (at == indexes.end()) {
      throw DatabaseError(ErrorCode::kIndexNotFound, "index not found with name [" + name + "]");
    }
    tables.push_back((*at)->table());
    indexes.erase(at);
  }
  {
    Change change(*this);
    for (const std::uint32_t table : tables) change.doom(table);
    change.put(std::make_shared<const Collection>(ns, source.uuid(), source.table(),
                                                  bson::Document(source.options()),
                                                  std::move(indexes), source.state()));
    change.commit(&source);
  }
  purge(tables);
}

void Catalog::modify(const Namespace& ns, bson::View options,
                     const std::vector<bson::Document>& specs) {
  const Closed closed(*this, ns);
  const Collection& source = closed.required(ns);
  auto indexes = source.indexes();
  for (const bson::Document& spec : specs) {
    const auto at = std::find_if(indexes.begin(), indexes.end(), [&](const auto& index) {
      return index->name() == spec["name"].as_string();
    });
    if (at == indexes.end()) {
      throw DatabaseError(ErrorCode::kIndexNotFound, "cannot find the index to modify");
    }
    *at = std::make_shared<const Index>(spec, (*at)->table(), (*at)->multikey());
  }
  Change change(*this);
  change.put(std::make_shared<const Collection>(ns, source.uuid(), source.table(),
                                                bson::Document(options), std::move(indexes),
                                                source.state()));
  change.commit(&source);
}

void Catalog::set_multikey(const Collection& collection, const Index& index) {
  const std::lock_guard lock(mutex_);
  if (index.multikey()) return;
  // The flag is set last: whoever sees it finds it stored.
  const auto transaction = store_.begin({.snapshot = false});
  transaction->put(as_bytes(collection_key(collection.ns())),
                   entry_of(collection, &index).view().bytes());
  transaction->commit();
  index.set_multikey();
}

}  // namespace quern::engine
