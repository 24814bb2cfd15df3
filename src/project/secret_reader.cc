// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "project/secret_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>

#include "quern/base/error.h"

namespace quern {
namespace {

constexpr std::size_t kRawKeySize = 96;
constexpr std::size_t kLargestSecret = 64 << 10;

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

SecretBytes read_file(const std::filesystem::path& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) {
    const int error = errno;
    throw ImproperlyConfigured(fmt::format(
        "cannot read the secret file {}: {}{}", path.string(), std::strerror(error),
        error == ENOENT ? "; bring it there (`manage generatelocalkey` makes the first local key "
                          "of a new project, but never one that opens what another protects)"
                        : ""));
  }
  if (!S_ISREG(status.st_mode)) {
    throw ImproperlyConfigured(fmt::format("the secret {} is not a file", path.string()));
  }
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    throw ImproperlyConfigured(fmt::format(
        "others may read or write the secret file {0} (mode {1:04o}): run chmod 600 {0}",
        path.string(), status.st_mode & 07777));
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0 || size > kLargestSecret) {
    throw ImproperlyConfigured(
        fmt::format("the secret file {} has {} bytes: that cannot be right", path.string(), size));
  }
  SecretBytes content(size);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::read(file.get(), content.mutable_bytes().data() + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      throw ImproperlyConfigured(fmt::format("cannot read the secret file {}", path.string()));
    }
    done += static_cast<std::size_t>(got);
  }
  if (size != kRawKeySize && content.bytes()[size - 1] == '\n') {
    return SecretBytes::copy_of(content.bytes().first(size - 1));
  }
  return content;
}

// What was read from the environment, by the variable's name. The environment of a process can be
// read by others (/proc), is handed to every process that it starts, and lies in core dumps, so
// that a secret stays in it no longer than until it is first asked for.
SecretBytes take_from_environment(const std::string& name) {
  static std::mutex mutex;
  static std::map<std::string, SecretBytes> taken;
  const std::lock_guard lock(mutex);
  if (char* value = std::getenv(name.c_str()); value != nullptr && *value != '\0') {
    SecretBytes& secret = taken[name];
    secret = SecretBytes::copy_of(as_bytes(value));
    wipe_memory({reinterpret_cast<std::uint8_t*>(value), secret.size()});
    ::unsetenv(name.c_str());
  }
  const auto found = taken.find(name);
  if (found == taken.end()) {
    throw ImproperlyConfigured(fmt::format(
        "the environment variable {}, which holds a secret, is not set, or was read and "
        "removed by the program that started this one: pass it on to this one, or keep "
        "the secret in a file",
        name));
  }
  return found->second.clone();
}

}  // namespace

SecretBytes read_secret(const Secret& secret, const std::filesystem::path& base_directory) {
  switch (secret.kind()) {
    case Secret::Kind::kFile:
      return read_file(base_directory / secret.location());
    case Secret::Kind::kEnvironment:
      return take_from_environment(secret.location());
    case Secret::Kind::kNone:
      break;
  }
  throw ImproperlyConfigured("a secret is not set");
}

}  // namespace quern
