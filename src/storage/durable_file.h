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

// A new file, for its owner only, that is written from its beginning to its end.
class DurableFile {
 public:
  // Throws DatabaseError; also when there is such a file, unless it may be written anew.
  enum class Existing { kRefuse, kTruncate };
  explicit DurableFile(const std::filesystem::path& path, Existing existing = Existing::kRefuse);
  ~DurableFile();
  DurableFile(const DurableFile&) = delete;
  DurableFile& operator=(const DurableFile&) = delete;

  // Throws DatabaseError.
  void append(BytesView content);
  // What was appended is on the medium when it returns. Throws DatabaseError.
  void sync();

 private:
  const std::filesystem::path path_;
  int file_;
};

// Copies a file to a path where there is none, for its owner only; on the medium when it returns.
// Throws DatabaseError.
void copy_durably(const std::filesystem::path& from, const std::filesystem::path& to);

// What was entered into the directory, or renamed in it, is on the medium when it returns. Some file
// systems cannot do so for a directory, and some users may not read one that they write to: then it
// does nothing. Throws DatabaseError.
void sync_directory(const std::filesystem::path& path);

}  // namespace quern::storage

#endif  // QUERN_STORAGE_DURABLE_FILE_H_
