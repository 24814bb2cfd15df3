// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ostream>

#include "base/base64.h"
#include "base/random.h"
#include "base/secret_bytes.h"
#include "project/commands/commands.h"
#include "quern/base/error.h"

namespace quern::internal {
namespace {

constexpr std::size_t kKeySize = 96;

[[noreturn]] void fail(const std::string& path, int error) {
  throw ImproperlyConfigured(fmt::format("cannot write {}: {}", path, std::strerror(error)));
}

void write_new_file(const std::string& path, BytesView bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 && errno == EEXIST) {
    throw ImproperlyConfigured(fmt::format(
        "{} exists already and is not overwritten: without its key, what it protects is lost",
        path));
  }
  if (fd < 0) fail(path, errno);
  int error = 0;
  for (std::size_t done = 0; done < bytes.size() && error == 0;) {
    const ssize_t wrote = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (wrote > 0) {
      done += static_cast<std::size_t>(wrote);
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  if (error == 0 && ::fsync(fd) != 0) error = errno;
  if (::close(fd) != 0 && error == 0) error = errno;
  if (error != 0) {
    ::unlink(path.c_str());
    fail(path, error);
  }
}

ExitCode run(CommandContext& context) {
  const std::string& path = context.arguments.text("path");
  SecretBytes key(kKeySize);
  random_bytes(key.mutable_bytes());
  SecretBytes line(base64_size(kKeySize) + 1);  // in locked memory, as the key itself
  encode_base64(key.bytes(), line.mutable_bytes());
  line.mutable_bytes().back() = '\n';
  write_new_file(path, line.bytes());
  context.console.out << fmt::format(
      "Wrote a new local key to {} (mode 0600). Keep a copy in a safe place: data that it protects "
      "cannot be read without it.\n",
      path);
  return ExitCode::kOk;
}

}  // namespace

Command generatelocalkey_command() {
  return {.name = "generatelocalkey",
          .summary = "Write a new 96-byte key for the KMS provider 'local' to a file.",
          .options = {{.name = "path",
                       .help = "The file; one that exists is never overwritten.",
                       .value = "PATH",
                       .required = true}},
          .examples = {"generatelocalkey local_kek"},
          .run = run};
}

}  // namespace quern::internal
