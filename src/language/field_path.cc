// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "language/field_path.h"

#include <fmt/format.h>

#include "quern/base/error.h"

namespace quern::language {

void check_field_path(std::string_view path) {
  if (path.empty()) throw Error(40352, "FieldPath cannot be constructed with empty string");
  if (path.ends_with('.')) throw Error(40353, "FieldPath must not end with a '.'.");
  std::string_view rest = path;
  for (std::size_t components = 1;; ++components) {
    if (components > kMaxPathComponents) {
      throw Error(
          ErrorCode::kOverflow,
          fmt::format("FieldPath is too long: it has more than {} components", kMaxPathComponents));
    }
    const std::size_t dot = rest.find('.');
    const std::string_view name = rest.substr(0, dot);
    if (name.empty()) throw Error(15998, "FieldPath field names may not be empty strings.");
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

}  // namespace quern::language
