// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A directory that comes into being as a whole: it is filled beside its place and put there by one
// rename, so that whoever is killed, or finds the medium full, leaves the place as it was. What a
// killed one leaves is beside it, in PLACE.partial, until the next for that place removes it.
#ifndef QUERN_STORAGE_STAGED_DIRECTORY_H_
#define QUERN_STORAGE_STAGED_DIRECTORY_H_

#include <filesystem>

namespace quern::storage {

class StagedDirectory {
 public:
  // Throws DatabaseError when the directory beside the place cannot be made, and when somebody else
  // is filling one for the same place.
  explicit StagedDirectory(const std::filesystem::path& place);
  // What was not put in its place is removed.
  ~StagedDirectory();
  StagedDirectory(const StagedDirectory&) = delete;
  StagedDirectory& operator=(const StagedDirectory&) = delete;

  // Absolute.
  const std::filesystem::path& place() const { return place_; }
  // The directory to fill, which is not there yet. Its files are to be on the medium before it is
  // put in its place.
  const std::filesystem::path& path() const { return path_; }

  // Throws DatabaseError unless nothing, or an empty directory, is in the place.
  void check_vacant() const;
  // Puts it in its place, for its owner only. Throws DatabaseError, and changes nothing, where that
  // is not vacant.
  void publish();
  // Puts it in the place of a directory that is there, which gets this one's path; with its
  // permissions. Throws DatabaseError, and changes nothing, where the file system cannot.
  void exchange();

 private:
  void clear() noexcept;
  void set_permissions(std::filesystem::perms permissions) const;

  std::filesystem::path place_;
  std::filesystem::path beside_;
  std::filesystem::path path_;
  int lock_ = -1;
};

}  // namespace quern::storage

#endif  // QUERN_STORAGE_STAGED_DIRECTORY_H_
