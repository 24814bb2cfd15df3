// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/project/secret.h"

#include <ostream>

#include "quern/base/error.h"

namespace quern {

Secret Secret::parse(std::string_view reference) {
  if (reference.starts_with("file:") && reference.size() > 5) {
    return Secret(Kind::kFile, std::string(reference.substr(5)));
  }
  if (reference.starts_with("env:") && reference.size() > 4) {
    return Secret(Kind::kEnvironment, std::string(reference.substr(4)));
  }
  throw ImproperlyConfigured(
      "secrets do not stand in settings: write where it is, as \"file:PATH\" or \"env:NAME\"");
}

std::ostream& operator<<(std::ostream& out, const Secret&) { return out << "<secret>"; }

namespace secret {

Secret file(const std::filesystem::path& path) { return Secret::parse("file:" + path.string()); }
Secret env(std::string_view name) { return Secret::parse("env:" + std::string(name)); }

}  // namespace secret
}  // namespace quern
