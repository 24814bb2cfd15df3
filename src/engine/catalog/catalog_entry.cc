// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/catalog/catalog_entry.h"

#include <utility>
#include <vector>

#include "engine/catalog/table_state.h"
#include "quern/base/error.h"
#include "storage/key_format.h"

namespace quern::engine {
namespace {

constexpr std::uint32_t kCatalogTable = 0;

std::uint32_t table_of(bson::View entry) {
  const std::int64_t table = entry["table"].as_int64();
  if (table < 1 || table >= kTableLimit) {
    throw Error(ErrorCode::kBadValue, "there is no table " + std::to_string(table));
  }
  return static_cast<std::uint32_t>(table);
}

Namespace stored_namespace(std::string_view text) {
  const std::size_t dot = text.find('.');
  return {std::string(text.substr(0, dot)), std::string(text.substr(dot + 1))};
}

}  // namespace

std::string catalog_key(char kind, std::string_view name) {
  std::string key;
  storage::append_table(key, kCatalogTable);
  key.push_back(kind);
  key.append(name);
  return key;
}
std::string format_key() { return catalog_key('f'); }
std::string next_table_key() { return catalog_key('n'); }
std::string collection_key(const Namespace& ns) {
  return catalog_key(kCollectionKind, ns.to_string());
}
std::string doomed_key(std::uint32_t table) {
  std::string name;
  storage::append_table(name, table);
  return catalog_key(kDoomedKind, name);
}

bson::Document entry_of(const Collection& collection, const Index* multikey) {
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

}  // namespace quern::engine
