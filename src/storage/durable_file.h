// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Directories and small files that a power cut finds either as they were or as they are to be.
#ifndef QUERN_STORAGE_DURABLE_FILE_H_
#define QUERN_STORAGE_DURABLE_FILE_H_

#include <filesystem>

#include "quern/base/bytes.h"

namespace quern::storage {

// Creates the directory, and those above it, unless it is there: readable by nobody but its owner,
// whatever the umask. One that exists keeps the permissions that it has. Throws DatabaseError.
void make_private_directory(std::filesystem::path path);

// Puts a file with this content, for its owner only, in the place of the one that there may be.
// Throws DatabaseError.
void replace_file(const std::filesystem::path& path, BytesView content);

// Removes a file that may be there. Throws DatabaseError.
void remove_file(const std::filesystem::path& path);

}  // namespace quern::storage

#endif  // QUERN_STORAGE_DURABLE_FILE_H_
