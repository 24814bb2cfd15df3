// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "storage/staged_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

#include "quern/base/error.h"
#include "storage/durable_file.h"

namespace quern::storage {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLock = "LOCK";

[[noreturn]] void fail(const fs::path& path, const std::string& reason) {
  throw DatabaseError(ErrorCode::kInternalError,
                      "cannot write \"" + path.string() + "\": " + reason);
}

std::string last_error() { return std::error_code(errno, std::generic_category()).message(); }

fs::path without_slash(fs::path path) {
  path = fs::absolute(path).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

}  // namespace

StagedDirectory::StagedDirectory(const fs::path& place) : place_(without_slash(place)) {
  // Through a link, what it leads to is replaced, and the rename stays on one file system.
  std::error_code error;
  if (fs::is_symlink(place_, error)) place_ = fs::weakly_canonical(place_);
  beside_ = place_;
  beside_ += ".partial";
  path_ = beside_ / "database";
  make_private_directory(beside_);
  lock_ = ::open((beside_ / kLock).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (lock_ < 0) fail(beside_, last_error());
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    const std::string reason =
        errno == EWOULDBLOCK ? "somebody is writing it just now" : last_error();
    ::close(lock_);
    fail(beside_, reason);
  }
  clear();
}

StagedDirectory::~StagedDirectory() {
  clear();
  std::error_code ignored;
  fs::remove(beside_ / kLock, ignored);
  fs::remove(beside_, ignored);  // unless somebody has put something else there
  ::close(lock_);
}

void StagedDirectory::clear() noexcept {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  fs::path unfinished = path_;
  unfinished += ".tmp";  // RocksDB's, of a copy that it did not finish
  fs::remove_all(unfinished, ignored);
}

void StagedDirectory::check_vacant() const {
  std::error_code error;
  const fs::file_status status = fs::status(place_, error);
  if (status.type() == fs::file_type::not_found) return;
  if (fs::is_directory(status) && fs::is_empty(place_, error) && !error) return;
  fail(place_, error ? error.message() : "there is something already");
}

void StagedDirectory::set_permissions(fs::perms permissions) const {
  std::error_code error;
  fs::permissions(path_, permissions, error);
  if (error) fail(path_, error.message());
}

void StagedDirectory::publish() {
  check_vacant();
  set_permissions(fs::perms::owner_all);
  sync_directory(path_);
  if (::rename(path_.c_str(), place_.c_str()) != 0) fail(place_, last_error());
  sync_directory(place_.parent_path());
}

void StagedDirectory::exchange() {
  std::error_code error;
  const fs::file_status status = fs::status(place_, error);
  if (error) fail(place_, error.message());
  set_permissions(status.permissions());
  sync_directory(path_);
  if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, place_.c_str(), RENAME_EXCHANGE) != 0) {
    fail(place_, "what is there cannot be exchanged for it (" + last_error() +
                     "): move that away yourself");
  }
  sync_directory(place_.parent_path());
  sync_directory(beside_);
}

}  // namespace quern::storage
