// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "storage/durable_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

#include "quern/base/error.h"

namespace quern::storage {
namespace {

[[noreturn]] void fail(const char* what, const std::filesystem::path& path, std::error_code code) {
  throw DatabaseError(ErrorCode::kInternalError, std::string("cannot ") + what + " \"" +
                                                     path.string() + "\": " + code.message());
}

std::error_code last_error() { return {errno, std::generic_category()}; }

class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags)
      : number_(::open(path.c_str(), flags | O_CLOEXEC)) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

}  // namespace

void sync_directory(const std::filesystem::path& path) {
  const Descriptor directory(path.empty() ? "." : path, O_RDONLY | O_DIRECTORY);
  if (directory.number() < 0) return;
  if (::fsync(directory.number()) != 0 && errno != EINVAL) fail("sync", path, last_error());
}

void make_private_directory(std::filesystem::path path) {
  if (!path.has_filename()) path = path.parent_path();  // "data/"
  if (std::filesystem::is_directory(path)) return;
  const std::filesystem::path parent = path.parent_path();
  std::error_code code;
  if (!parent.empty() && !std::filesystem::is_directory(parent)) {
    std::filesystem::create_directories(parent, code);
    if (!code) sync_directory(parent.parent_path());
  }
  if (!code && ::mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST) code = last_error();
  if (code) fail("create the database directory", path, code);
  sync_directory(parent);
}

DurableFile::DurableFile(const std::filesystem::path& path, Existing existing)
    : path_(path),
      file_(::open(
          path.c_str(),
          O_WRONLY | O_CREAT | O_CLOEXEC | (existing == Existing::kTruncate ? O_TRUNC : O_EXCL),
          S_IRUSR | S_IWUSR)) {
  if (file_ < 0) fail("write", path_, last_error());
}

DurableFile::~DurableFile() { ::close(file_); }

void DurableFile::append(BytesView content) {
  while (!content.empty()) {
    const ssize_t size = ::write(file_, content.data(), content.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) fail("write", path_, last_error());
    content = content.subspan(static_cast<std::size_t>(size));
  }
}

void DurableFile::sync() {
  if (::fsync(file_) != 0) fail("write", path_, last_error());
}

void replace_file(const std::filesystem::path& path, BytesView content) {
  std::filesystem::path fresh = path;
  fresh += ".new";
  {
    DurableFile file(fresh, DurableFile::Existing::kTruncate);
    file.append(content);
    file.sync();
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) fail("write", path, last_error());
  sync_directory(path.parent_path());
}

void remove_file(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail("remove", path, last_error());
  sync_directory(path.parent_path());
}

void copy_durably(const std::filesystem::path& from, const std::filesystem::path& to) {
  const Descriptor source(from, O_RDONLY);
  if (source.number() < 0) fail("read", from, last_error());
  DurableFile copy(to);
  std::vector<std::uint8_t> buffer(1 << 20);
  for (;;) {
    const ssize_t size = ::read(source.number(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) fail("read", from, last_error());
    if (size == 0) break;
    copy.append(BytesView(buffer).first(static_cast<std::size_t>(size)));
  }
  copy.sync();
}

}  // namespace quern::storage
