// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/catalog/stored_catalog.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <utility>

#include "engine/catalog/catalog_entry.h"
#include "quern/base/error.h"
#include "storage/key_format.h"

namespace quern::engine {
namespace {

class CatalogReader {
 public:
  explicit CatalogReader(storage::Store& store) : reader_(store.snapshot()) {}

  StoredCatalog read() {
    const std::vector<std::uint32_t> tables = tables_with_keys();
    const bool has_format = read_format();
    read_next_table();
    read_entries();
    catalog_.is_new = !has_format && !has_entries_ && tables.empty();
    if (!has_format && !catalog_.is_new) {
      fault("{}", has_entries_ ? "it has lost the entry that says in which format it is"
                               : "it has lost its catalog, which says what its collections are");
    }
    claim_all();
    check_owners(tables);
    return std::move(catalog_);
  }

 private:
  template <class... Args>
  void fault(fmt::format_string<Args...> text, Args&&... args) {
    catalog_.faults.push_back(fmt::format(text, std::forward<Args>(args)...));
  }

  bool read_format() {
    storage::PinnedValue value;
    if (!reader_->get(as_bytes(format_key()), value)) return false;
    const auto version = bson::View::parse(value.bytes())["version"].whole_number();
    if (version == kCatalogFormatVersion) return true;
    throw DatabaseError(
        ErrorCode::kInternalError,
        fmt::format("the database is stored in format version {}; this program reads and writes "
                    "version {}: open it with the version of Quern that wrote it, or a newer one",
                    version ? std::to_string(*version) : "(unreadable)", kCatalogFormatVersion));
  }

  // Only a bound: the tables that there are count as well.
  void read_next_table() {
    storage::PinnedValue value;
    if (!reader_->get(as_bytes(next_table_key()), value)) return;
    const auto next = bson::View::parse(value.bytes())["next"].whole_number();
    if (next && *next > 0 && *next <= kTableLimit) {
      catalog_.next_table = static_cast<std::uint32_t>(*next);
    } else {
      fault("its catalog gives out a table that cannot be");
    }
  }

  void read_entries() {
    const std::string lower = catalog_key(kCollectionKind);
    const std::string upper = catalog_key(kDoomedKind + 1);
    const auto iterator = reader_->iterator({as_bytes(lower), as_bytes(upper)});
    for (iterator->seek(as_bytes(lower)); iterator->valid(); iterator->next()) {
      has_entries_ = true;
      const BytesView key = iterator->key();
      const BytesView name = key.subspan(lower.size());
      const char kind = static_cast<char>(key[storage::kTableSize]);
      if (kind == kCollectionKind ? read_collection(std::string(as_text(name)), iterator->value())
                                  : read_doomed(name)) {
        continue;
      }
      catalog_.unusable.emplace_back(as_text(key));
    }
  }

  bool read_collection(const std::string& ns, BytesView entry) try {
    auto collection = read_entry(bson::View::parse(entry));
    if (collection->ns().to_string() != ns) {
      fault("the catalog's entry of '{}' is that of another collection", ns);
      return false;
    }
    catalog_.collections[ns] = std::move(collection);
    return true;
  } catch (const Error&) {
    fault("the catalog's entry of '{}' is damaged", ns);
    return false;
  }

  bool read_doomed(BytesView name) {
    const std::uint32_t table =
        name.size() == storage::kTableSize ? storage::table_of(name) : kTableLimit;
    if (table == 0 || table >= kTableLimit) {
      fault("its catalog is to delete a table that cannot be");
      return false;
    }
    catalog_.doomed.push_back(table);
    return true;
  }

  // Records come first: an index can be built again.
  void claim_all() {
    std::erase_if(catalog_.collections, [this](const auto& entry) {
      if (claim(entry.second->table(), entry.first)) return false;
      catalog_.unusable.push_back(collection_key(entry.second->ns()));
      return true;
    });
    for (const auto& [ns, collection] : catalog_.collections) {
      for (const auto& index : collection->indexes()) {
        if (!claim(index->table(), fmt::format("index '{}' of {}", index->name(), ns))) {
          catalog_.without_table[ns].push_back(index->name());
        }
      }
    }
    for (const std::uint32_t table : catalog_.doomed) {
      if (!claim(table, "what is to be deleted")) catalog_.in_use.push_back(table);
    }
  }

  // Each table is one's alone. False when it is another's.
  bool claim(std::uint32_t table, const std::string& owner) {
    catalog_.next_table = std::max(catalog_.next_table, table + 1);
    const auto [at, is_first] = owners_.emplace(table, owner);
    if (!is_first) fault("table {} is that of {} and of {}", table, at->second, owner);
    return is_first;
  }

  std::vector<std::uint32_t> tables_with_keys() const {
    std::vector<std::uint32_t> tables;
    std::string from;
    storage::append_table(from, 1);
    const auto iterator = reader_->iterator({});
    for (iterator->seek(as_bytes(from)); iterator->valid(); iterator->seek(as_bytes(from))) {
      if (iterator->key().size() < storage::kTableSize) break;  // of no engine
      const std::uint32_t table = storage::table_of(iterator->key());
      tables.push_back(table);
      if (table >= kTableLimit) break;
      from.clear();
      storage::append_table(from, table + 1);
    }
    return tables;
  }

  void check_owners(const std::vector<std::uint32_t>& tables) {
    std::vector<std::uint32_t>& ownerless = catalog_.ownerless;
    std::copy_if(tables.begin(), tables.end(), std::back_inserter(ownerless),
                 [this](std::uint32_t table) { return !owners_.contains(table); });
    if (!tables.empty() && tables.back() < kTableLimit) {
      catalog_.next_table = std::max(catalog_.next_table, tables.back() + 1);
    }
    if (ownerless.empty()) return;
    constexpr std::size_t kShown = 5;
    const std::size_t count = ownerless.size();
    fault("it holds {} table{} that no collection or index of its catalog has ({}{})", count,
          count == 1 ? "" : "s",
          fmt::join(ownerless.begin(), ownerless.begin() + std::min(count, kShown), ", "),
          count > kShown ? ", …" : "");
  }

  const std::unique_ptr<storage::Reader> reader_;
  StoredCatalog catalog_;
  bool has_entries_ = false;
  std::map<std::uint32_t, std::string> owners_;
};

}  // namespace

StoredCatalog read_catalog(storage::Store& store) { return CatalogReader(store).read(); }

}  // namespace quern::engine
