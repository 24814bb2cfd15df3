// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// "database.collection".
#ifndef QUERN_COMMAND_NAMESPACE_H_
#define QUERN_COMMAND_NAMESPACE_H_

#include <string>
#include <string_view>

#include "quern/base/export.h"

namespace quern {

struct QUERN_EXPORT Namespace {
  std::string database;
  std::string collection;

  // Splits at the first dot and checks both names; throws Error(InvalidNamespace).
  static Namespace parse(std::string_view text);
  // Throws Error(InvalidNamespace) as MongoDB does: empty names, forbidden characters, lengths.
  static void check_database(std::string_view name);
  static void check_collection(std::string_view name);

  std::string to_string() const { return database + "." + collection; }
  friend bool operator==(const Namespace&, const Namespace&) = default;
};

}  // namespace quern

#endif  // QUERN_COMMAND_NAMESPACE_H_
