// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/command/namespace.h"

#include "quern/base/error.h"

namespace quern {

Namespace Namespace::parse(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == text.npos) {
    throw Error(ErrorCode::kInvalidNamespace,
                "'" + std::string(text) + "' is not a namespace: write database.collection");
  }
  Namespace ns{std::string(text.substr(0, dot)), std::string(text.substr(dot + 1))};
  check_database(ns.database);
  check_collection(ns.collection);
  return ns;
}

void Namespace::check_database(std::string_view name) {
  if (name.empty() || name.size() > 63 ||
      name.find_first_of(std::string_view("/\\. \"$\0", 7)) != name.npos) {
    throw Error(ErrorCode::kInvalidNamespace, "Invalid database name: '" + std::string(name) + "'");
  }
}

void Namespace::check_collection(std::string_view name) {
  if (name.empty() || name.size() > 235 || name.front() == '.' || name.back() == '.' ||
      name.find('$') != name.npos || name.find('\0') != name.npos) {
    throw Error(ErrorCode::kInvalidNamespace,
                "Invalid collection name: '" + std::string(name) + "'");
  }
}

}  // namespace quern
