// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What can be known, and done, of a store's directory without opening it, which would create it.
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

// Copies the files of a store that is not open, and nothing else that may lie there, into a
// directory that is not there yet. Throws DatabaseError. Of a store that is open all the same, files
// may come or go meanwhile: then the copy cannot be opened, since it has the older mark.
void copy_rocks_files(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace quern::storage

#endif  // QUERN_STORAGE_ROCKS_DIRECTORY_H_
