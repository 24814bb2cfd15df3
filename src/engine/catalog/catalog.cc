// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/catalog/catalog.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/random_ids.h"
#include "engine/catalog/access.h"
#include "engine/catalog/catalog_entry.h"
#include "engine/catalog/index_spec.h"
#include "engine/catalog/schema_lock.h"
#include "engine/catalog/stored_catalog.h"
#include "engine/catalog/table_state.h"
#include "engine/rules/ddl.h"
#include "quern/base/error.h"
#include "storage/damage.h"
#include "storage/table_range.h"

namespace quern::engine {
namespace {

constexpr std::size_t kBuildBatch = 1000;
constexpr std::size_t kMaxNamespaceBytes = 255;

using Indexes = std::vector<std::shared_ptr<const Index>>;

// What takes the collection's place: the same records under the same lock.
std::shared_ptr<const Collection> version_of(const Collection& collection, const Namespace& ns,
                                             bson::View options, Indexes indexes) {
  return std::make_shared<const Collection>(ns, collection.uuid(), collection.table(),
                                            bson::Document(options), std::move(indexes),
                                            collection.state());
}

std::int32_t count_of(const Indexes& indexes) {
  return static_cast<std::int32_t>(indexes.size() + 1);
}

void check_new_name(const Namespace& ns) {
  Namespace::check_database(ns.database);
  Namespace::check_collection(ns.collection);
  if (ns.to_string().size() > kMaxNamespaceBytes) {
    throw DatabaseError(
        ErrorCode::kInvalidNamespace,
        "Fully qualified namespace is too long: at most 255 bytes, " + ns.to_string());
  }
}

[[noreturn]] void throw_index_not_found(std::string_view name) {
  throw DatabaseError(ErrorCode::kIndexNotFound,
                      fmt::format("index not found with name [{}]", name));
}

// The indexes that the collection lacks.
std::vector<bson::Document> missing_indexes(const Collection& collection,
                                            const std::vector<bson::Document>& specs) {
  if (const auto* fields = collection.encrypted_fields()) {
    for (const bson::Document& spec : specs) qe::check_index(*fields, spec);
  }
  return new_index_specs(&collection, specs);
}

}  // namespace

namespace {

// Far enough apart for all the changes of a catalog.
std::uint64_t first_epoch() {
  static std::atomic<std::uint64_t> catalogs = 0;
  return ++catalogs << 40;
}

}  // namespace

// One schema change: what it writes, and the map that becomes the next snapshot. Nothing happens
// before commit().
class Catalog::Change {
 public:
  explicit Change(Catalog& catalog)
      : catalog_(catalog),
        lock_(catalog.mutex_),
        before_(catalog.snapshot()),
        collections_(before_->collections_),
        next_table_(before_->next_table_),
        transaction_(catalog.store_.begin()) {}

  const Collection* find(const Namespace& ns) const { return before_->find(ns); }
  std::vector<const Collection*> collections(std::string_view database) const {
    return before_->collections(database);
  }
  std::uint32_t allocate_table() {
    if (next_table_ >= kTableLimit) {
      throw DatabaseError(ErrorCode::kInternalError,
                          "the database has given out all its tables, four thousand million: dump "
                          "it and load it into a new one");
    }
    transaction_->put(as_bytes(next_table_key()),
                      bson::doc("next", std::int64_t{next_table_ + 1}).view().bytes());
    return next_table_++;
  }
  void add(std::shared_ptr<const Collection> collection) {
    transaction_->put(as_bytes(collection_key(collection->ns())),
                      entry_of(*collection).view().bytes());
    collections_[collection->ns().to_string()] = std::move(collection);
  }
  // The collection object is out of date as soon as the change is committed.
  void remove(const Collection& collection) {
    if (find(collection.ns()) != &collection) {
      throw Error(ErrorCode::kInternalError,
                  "a schema change of " + collection.ns().to_string() + " overtook another");
    }
    transaction_->remove(as_bytes(collection_key(collection.ns())));
    collections_.erase(collection.ns().to_string());
    replaced_.push_back(&collection);
  }
  void replace(const Collection& collection, std::shared_ptr<const Collection> by) {
    remove(collection);
    add(std::move(by));
  }
  // The tables' entries are to be removed at the latest when the store is opened again.
  void doom(const std::vector<std::uint32_t>& tables) {
    for (const std::uint32_t table : tables) {
      transaction_->put(as_bytes(doomed_key(table)), bson::Document().view().bytes());
    }
  }
  void spare(const std::vector<std::uint32_t>& tables) {
    for (const std::uint32_t table : tables) transaction_->remove(as_bytes(doomed_key(table)));
  }

  void commit() {
    auto after = std::make_shared<CatalogSnapshot>();
    after->collections_ = std::move(collections_);
    after->epoch_ = before_->epoch_ + 1;
    after->next_table_ = next_table_;
    transaction_->commit();
    for (const Collection* collection : replaced_) collection->retire();
    catalog_.publish(std::move(after));
  }

 private:
  Catalog& catalog_;
  std::lock_guard<std::mutex> lock_;
  std::shared_ptr<const CatalogSnapshot> before_;
  CatalogSnapshot::Collections collections_;
  std::uint32_t next_table_;
  std::vector<const Collection*> replaced_;  // before_ keeps them
  std::unique_ptr<storage::WriteTransaction> transaction_;
};

std::shared_ptr<const CatalogSnapshot> Catalog::snapshot() const {
  // Weak: a thread that asks no more keeps no catalog alive.
  thread_local std::weak_ptr<const CatalogSnapshot> seen;
  thread_local std::uint64_t seen_epoch = 0;
  if (seen_epoch == epoch_.load(std::memory_order_acquire)) {
    if (auto same = seen.lock()) return same;
  }
  auto latest = std::atomic_load_explicit(&snapshot_, std::memory_order_acquire);
  seen = latest;
  seen_epoch = latest->epoch();
  return latest;
}

void Catalog::publish(std::shared_ptr<const CatalogSnapshot> snapshot) {
  const std::uint64_t epoch = snapshot->epoch();
  std::atomic_store_explicit(&snapshot_, std::move(snapshot), std::memory_order_release);
  epoch_.store(epoch, std::memory_order_release);
}

Catalog::Catalog(storage::Store& store, RandomSource& random) : store_(store), random_(random) {
  load();
}

void Catalog::load() {
  StoredCatalog stored = read_catalog(store_);
  if (!stored.faults.empty()) {
    throw DatabaseError(
        ErrorCode::kInternalError,
        fmt::format("the database's catalog does not fit what the database holds: {}. Files of it "
                    "were lost or damaged. Nothing was changed: {}",
                    fmt::join(stored.faults, "; "), storage::kMendDamage));
  }
  if (stored.is_new && !store_.read_only()) {
    const auto transaction = store_.begin();
    transaction->put(as_bytes(format_key()),
                     bson::doc("version", kCatalogFormatVersion).view().bytes());
    transaction->commit();
  }
  auto snapshot = std::make_shared<CatalogSnapshot>();
  snapshot->collections_ = std::move(stored.collections);
  snapshot->next_table_ = stored.next_table;
  snapshot->epoch_ = first_epoch();
  publish(std::move(snapshot));
  if (!store_.read_only()) purge(stored.doomed);
}

void Catalog::purge(const std::vector<std::uint32_t>& tables) {
  for (const std::uint32_t table : tables) {
    store_.purge(storage::TableRange(table));
    const auto transaction = store_.begin({.snapshot = false});
    transaction->remove(as_bytes(doomed_key(table)));
    transaction->commit();
  }
}

bool Catalog::create(const Namespace& ns, bson::View options) {
  check_new_name(ns);
  Change change(*this);
  if (const Collection* existing = change.find(ns)) {
    if (existing->options() == options) return false;
    throw DatabaseError(ErrorCode::kNamespaceExists,
                        "Collection " + ns.to_string() + " already exists with different options");
  }
  change.add(std::make_shared<const Collection>(ns, random_uuid(random_), change.allocate_table(),
                                                bson::Document(options), Indexes(),
                                                std::make_shared<TableState>()));
  change.commit();
  return true;
}

std::shared_ptr<const Collection> Catalog::drop(const Namespace& ns, Access* operation,
                                                const std::optional<Uuid>& uuid) {
  std::shared_ptr<const Collection> gone;
  {
    const SchemaLock lock(*this, {ns}, operation);
    gone = lock.find(ns);
    if (uuid && (!gone || gone->uuid() != *uuid)) {
      throw DatabaseError(ErrorCode::kCollectionUUIDMismatch,
                          "Collection UUID does not match that specified: " + ns.to_string() +
                              (gone ? " has another" : " does not exist"));
    }
    if (!gone) return nullptr;
    Change change(*this);
    change.remove(*gone);
    change.doom(gone->tables());
    change.commit();
  }
  purge(gone->tables());
  return gone;
}

void Catalog::drop_database(std::string_view database, Access* operation) {
  std::vector<std::uint32_t> doomed;
  for (bool done = false; !done;) {
    std::vector<Namespace> names;
    const auto seen = snapshot();
    for (const Collection* collection : seen->collections(database)) {
      names.push_back(collection->ns());
    }
    const SchemaLock lock(*this, names, operation);
    Change change(*this);
    const auto all = change.collections(database);
    done = std::all_of(all.begin(), all.end(), [&](const Collection* collection) {
      return lock.find(collection->ns()).get() == collection;
    });
    if (!done) continue;  // one was just created: it is not locked
    for (const Collection* collection : all) {
      for (const std::uint32_t table : collection->tables()) doomed.push_back(table);
      change.remove(*collection);
    }
    change.doom(doomed);
    change.commit();
  }
  purge(doomed);
}

void Catalog::rename(const Namespace& from, const Namespace& to, bool drop_target,
                     Access* operation) {
  check_new_name(to);
  std::vector<std::uint32_t> doomed;
  for (bool done = false; !done;) {
    const SchemaLock lock(*this, {from, to}, operation);
    const Collection& source = lock.required(from);
    const auto target = lock.find(to);
    qe::check_rename(source.encrypted_fields() != nullptr,
                     target && target->encrypted_fields() != nullptr);
    if (target && !drop_target) {
      throw DatabaseError(ErrorCode::kNamespaceExists,
                          "target namespace exists: " + to.to_string());
    }
    Change change(*this);
    if (change.find(to) != target.get()) continue;  // just created: it is not locked
    if (target) {
      doomed = target->tables();
      change.remove(*target);
      change.doom(doomed);
    }
    change.replace(source, version_of(source, to, source.options(), source.indexes()));
    change.commit();
    done = true;
  }
  purge(doomed);
}

IndexCounts Catalog::create_indexes(const Namespace& ns, const std::vector<bson::Document>& specs,
                                    Access* operation) {
  // Usually they are all there, and then there is nothing to wait for.
  const auto seen = snapshot();
  if (const Collection* collection = seen->find(ns);
      collection != nullptr && missing_indexes(*collection, specs).empty()) {
    return {count_of(collection->indexes()), count_of(collection->indexes())};
  }
  const SchemaLock lock(*this, {ns}, operation);
  const Collection& source = lock.required(ns);
  const auto missing = missing_indexes(source, specs);
  const std::int32_t before = count_of(source.indexes());
  if (!missing.empty()) build_indexes(source, source.indexes(), missing, {}, operation);
  return {before, before + static_cast<std::int32_t>(missing.size())};
}

void Catalog::rebuild_index(const Namespace& ns, std::string_view name) {
  const SchemaLock lock(*this, {ns}, nullptr);
  const Collection& source = lock.required(ns);
  auto kept = source.indexes();
  const auto at = std::find_if(kept.begin(), kept.end(),
                               [&](const auto& index) { return index->name() == name; });
  if (at == kept.end()) throw_index_not_found(name);
  const std::shared_ptr<const Index> index = *at;
  kept.erase(at);
  build_indexes(source, std::move(kept), {bson::Document(index->spec())}, {index->table()},
                nullptr);
}

void Catalog::build_indexes(const Collection& source, Indexes kept,
                            const std::vector<bson::Document>& specs,
                            const std::vector<std::uint32_t>& replaced, Access* operation) {
  std::vector<std::uint32_t> tables;
  {
    Change change(*this);
    while (tables.size() < specs.size()) tables.push_back(change.allocate_table());
    change.doom(tables);
    change.commit();
  }
  try {
    for (std::size_t i = 0; i < specs.size(); ++i) {
      kept.push_back(std::make_shared<const Index>(specs[i], tables[i], false));
      build(source, *kept.back(), operation);
    }
    Change change(*this);
    change.spare(tables);
    change.doom(replaced);
    change.replace(source, version_of(source, source.ns(), source.options(), std::move(kept)));
    change.commit();
  } catch (...) {
    purge(tables);
    throw;
  }
  purge(replaced);
}

void Catalog::build(const Collection& collection, const Index& index, Access* operation) {
  const storage::TableRange records(collection.table());
  const auto reader = store_.snapshot();
  const auto iterator = reader->iterator(records);
  auto transaction = store_.begin({.snapshot = false});
  std::size_t written = 0;
  std::vector<std::string> keys;
  for (iterator->seek(records.lower()); iterator->valid(); iterator->next()) {
    if (operation != nullptr) operation->check_interrupt();
    const bson::View document(iterator->value().data());
    const RecordId record(iterator->key().subspan(storage::kTableSize));
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

IndexCounts Catalog::drop_indexes(const Namespace& ns, const ChooseIndexes& choose,
                                  Access* operation) {
  std::vector<std::uint32_t> doomed;
  IndexCounts counts;
  {
    const SchemaLock lock(*this, {ns}, operation);
    const Collection& source = lock.required(ns);
    auto indexes = source.indexes();
    counts.before = count_of(indexes);
    for (const std::string& name : choose(source)) {
      const auto at = std::find_if(indexes.begin(), indexes.end(),
                                   [&](const auto& index) { return index->name() == name; });
      if (at == indexes.end()) throw_index_not_found(name);
      doomed.push_back((*at)->table());
      indexes.erase(at);
    }
    counts.after = count_of(indexes);
    Change change(*this);
    change.doom(doomed);
    change.replace(source, version_of(source, ns, source.options(), std::move(indexes)));
    change.commit();
  }
  purge(doomed);
  return counts;
}

void Catalog::modify(const Namespace& ns, const Decide& decide, Access* operation) {
  const SchemaLock lock(*this, {ns}, operation);
  const Collection& source = lock.required(ns);
  const Modification modification = decide(source);
  auto indexes = source.indexes();
  for (const bson::Document& spec : modification.index_specs) {
    const auto at = std::find_if(indexes.begin(), indexes.end(), [&](const auto& index) {
      return index->name() == spec["name"].as_string();
    });
    if (at == indexes.end()) {
      throw DatabaseError(ErrorCode::kIndexNotFound, "cannot find the index to modify");
    }
    *at = std::make_shared<const Index>(spec, (*at)->table(), (*at)->multikey());
  }
  Change change(*this);
  change.replace(source, version_of(source, ns, modification.options, std::move(indexes)));
  change.commit();
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
