// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A secret by reference: settings say where it lies, never what it is. It is read when a connection
// opens, straight into locked memory, and never printed.
#ifndef QUERN_PROJECT_SECRET_H_
#define QUERN_PROJECT_SECRET_H_

#include <filesystem>
#include <iosfwd>
#include <string>
#include <string_view>

#include "quern/base/export.h"

namespace quern {

class QUERN_EXPORT Secret {
 public:
  enum class Kind { kNone, kFile, kEnvironment };

  Secret() = default;

  // "file:PATH" or "env:NAME". Throws ImproperlyConfigured for anything else, and so for a secret
  // that stands in the settings itself; the message does not repeat the text.
  static Secret parse(std::string_view reference);

  Kind kind() const { return kind_; }
  explicit operator bool() const { return kind_ != Kind::kNone; }
  // The path or the variable's name.
  const std::string& location() const { return location_; }

  friend bool operator==(const Secret&, const Secret&) = default;
  friend QUERN_EXPORT std::ostream& operator<<(std::ostream& out,
                                               const Secret& secret);  // <secret>

 private:
  Secret(Kind kind, std::string location) : kind_(kind), location_(std::move(location)) {}
  Kind kind_ = Kind::kNone;
  std::string location_;
};

namespace secret {

// The whole content of a file that only its owner may read.
QUERN_EXPORT Secret file(const std::filesystem::path& path);
// The value of an environment variable. It is taken out of the environment when it is first read,
// and wiped there, so that neither the processes that this one starts nor /proc show it; whoever
// reads it again gets it from locked memory. Reading is not safe against threads that change the
// environment.
QUERN_EXPORT Secret env(std::string_view name);

}  // namespace secret
}  // namespace quern

#endif  // QUERN_PROJECT_SECRET_H_
