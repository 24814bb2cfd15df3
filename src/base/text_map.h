// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A hash table from texts, which finds an entry by any view of its text without copying it.
#ifndef QUERN_BASE_TEXT_MAP_H_
#define QUERN_BASE_TEXT_MAP_H_

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace quern {

struct TextHash : std::hash<std::string_view> {
  using is_transparent = void;
};

template <class Value>
using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

}  // namespace quern

#endif  // QUERN_BASE_TEXT_MAP_H_
