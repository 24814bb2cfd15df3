// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "language/names.h"

#include <fmt/format.h>

#include "quern/base/error.h"

namespace quern::language {

void check_field_path(std::string_view path) {
  std::string_view rest = path;
  for (std::size_t components = 1;; ++components) {
    if (components > kMaxPathComponents) {
      throw Error(
          ErrorCode::kOverflow,
          fmt::format("FieldPath is too long: it has more than {} components", kMaxPathComponents));
    }
    const std::size_t dot = rest.find('.');
    const std::string_view name = rest.substr(0, dot);
    if (name.empty()) {
      throw Error(path.ends_with('.') ? 40353 : 15998,
                  path.ends_with('.') ? "FieldPath must not end with a '.'."
                                      : "FieldPath field names may not be empty strings.");
    }
    if (name.front() == '$') {
      throw Error(16410,
                  "FieldPath field names may not start with '$'. Consider using $getField or "
                  "$setField.");
    }
    if (name.find('\0') != name.npos) {
      throw Error(16411, "FieldPath field names may not contain '\\0'.");
    }
    if (dot == rest.npos) return;
    rest.remove_prefix(dot + 1);
  }
}

void check_variable_name(std::string_view name) {
  if (name.empty()) throw Error(16866, "empty variable names are not allowed");
  if (name == "CURRENT") return;
  const auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto is_other = [](char c) { return static_cast<unsigned char>(c) >= 0x80; };
  if (!is_lower(name.front()) && !is_other(name.front())) {
    throw Error(
        16867, fmt::format("'{}' starts with an invalid character for a user variable name", name));
  }
  for (const char c : name) {
    if (!is_lower(c) && !is_other(c) && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
        c != '_') {
      throw Error(16868,
                  fmt::format("'{}' contains an invalid character for a variable name", name));
    }
  }
}

}  // namespace quern::language
