// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "language/variable.h"

#include <fmt/format.h>

#include <algorithm>

#include "bson/strict_reader.h"
#include "quern/base/error.h"

namespace quern::language {

void check_variable_name(std::string_view name) {
  if (name.empty()) throw Error(16866, "empty variable names are not allowed");
  if (name == "CURRENT") return;
  const auto is_small = [](char c) { return (c >= 'a' && c <= 'z') || (c & 0x80) != 0; };
  if (!is_small(name.front())) {
    throw Error(
        16867, fmt::format("'{}' starts with an invalid character for a user variable name", name));
  }
  const auto is_inner = [&](char c) {
    return is_small(c) || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (!std::ranges::all_of(name, is_inner)) {
    throw Error(16868, fmt::format("'{}' contains an invalid character for a variable name", name));
  }
}

void check_let(bson::View let) {
  bson::require_distinct(let, "let");
  for (const bson::Element& variable : let) {
    if (variable.key() == "CURRENT") {
      throw Error(16867, "let: CURRENT is no name for a variable of a command");
    }
    check_variable_name(variable.key());
  }
}

void no_document_in_let() {
  throw Error(4890500,
              "the let of a command cannot read fields: it is evaluated before any document");
}

}  // namespace quern::language
