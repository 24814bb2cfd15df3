// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The persisted form of the catalog: keys and entries as docs/format/catalog.md describes them.
#ifndef QUERN_ENGINE_CATALOG_CATALOG_ENTRY_H_
#define QUERN_ENGINE_CATALOG_CATALOG_ENTRY_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/catalog/collection.h"
#include "quern/bson/document.h"
#include "quern/command/namespace.h"

namespace quern::engine {

inline constexpr std::int32_t kCatalogFormatVersion = 1;

// The fifth byte of a key.
inline constexpr char kCollectionKind = 'c';
inline constexpr char kDoomedKind = 'd';

// Tables that collections and indexes have are from 1 up to here.
inline constexpr std::uint32_t kTableLimit = 0xFFFF'FFFF;

// The key of that kind and name; without a name it is before all keys of the kind.
std::string catalog_key(char kind, std::string_view name = {});
std::string format_key();
std::string next_table_key();
std::string collection_key(const Namespace& ns);
std::string doomed_key(std::uint32_t table);

// multikey: an index that is to be written as such, although its flag isn't set yet.
bson::Document entry_of(const Collection& collection, const Index* multikey = nullptr);
// Throws Error when it is none.
std::shared_ptr<const Collection> read_entry(bson::View entry);

}  // namespace quern::engine

#endif  // QUERN_ENGINE_CATALOG_CATALOG_ENTRY_H_
