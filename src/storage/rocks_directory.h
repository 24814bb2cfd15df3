// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What can be known of a store's directory without opening it, which would create it.
#ifndef QUERN_STORAGE_ROCKS_DIRECTORY_H_
#define QUERN_STORAGE_ROCKS_DIRECTORY_H_

#include <filesystem>

namespace quern::storage {

// Whether a store was created there, be it damaged. Throws DatabaseError where that cannot be seen.
bool holds_rocks_store(const std::filesystem::path& directory);

struct DirectoryContent {
  bool current = false;  // the file that names RocksDB's manifest: there is a database
  bool others = false;   // manifests, tables or logs
};
// Of a directory that exists.
DirectoryContent content_of(const std::filesystem::path& directory);

}  // namespace quern::storage

#endif  // QUERN_STORAGE_ROCKS_DIRECTORY_H_
