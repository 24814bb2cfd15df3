// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What the path of a field may be.
#ifndef QUERN_LANGUAGE_FIELD_PATH_H_
#define QUERN_LANGUAGE_FIELD_PATH_H_

#include <cstddef>
#include <string_view>

namespace quern::language {

// Longer paths are refused where something nested is made of them. MongoDB's limit.
inline constexpr std::size_t kMaxPathComponents = 200;

// Throws unless it is a path such as that after "$": no empty component, no leading '$', no NUL,
// not too long (Overflow, 40353, 15998, 16410, 16411).
void check_field_path(std::string_view path);

}  // namespace quern::language

#endif  // QUERN_LANGUAGE_FIELD_PATH_H_
