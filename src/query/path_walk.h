// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The walk from a document to the values that a path means, and the fast search for a key that all
// of evaluation stands on. Nothing here allocates.
//
// MongoDB's walk through arrays: below an array that isn't the end of the path, the rest of the
// path goes on in every member that is a document, and, if the next component is a number, in the
// member at that index. An array at the end of the path means each of its members and then itself,
// unless the path reached it by index or the caller wants arrays whole.
#ifndef QUERN_QUERY_PATH_WALK_H_
#define QUERN_QUERY_PATH_WALK_H_

#include <cstdint>
#include <cstring>
#include <string_view>

#include "quern/bson/view.h"
#include "query/path.h"

namespace quern::query {

// Length in bytes of a value in validated bytes; the same as bson::value_size, inlined for scans.
inline std::size_t scan_size(bson::Type type, const std::uint8_t* p) {
  using bson::Type;
  switch (type) {
    case Type::kInt32:
      return 4;
    case Type::kString:
      return 4 + std::size_t{load_le<std::uint32_t>(p)};
    case Type::kDocument:
    case Type::kArray:
      return load_le<std::uint32_t>(p);
    case Type::kInt64:
    case Type::kDouble:
    case Type::kDate:
      return 8;
    default:
      return bson::value_size(type, p);
  }
}

// The first element with that key; a missing Element when there is none.
inline bson::Element find_field(bson::View document, std::string_view key) {
  const std::uint8_t* at = document.data() + 4;
  while (*at != 0) {
    const auto type = static_cast<bson::Type>(*at);
    const auto* name = reinterpret_cast<const char*>(at + 1);
    const std::size_t size = std::strlen(name);
    const std::uint8_t* value = at + 2 + size;
    const std::size_t value_size = scan_size(type, value);
    if (size == key.size() && std::memcmp(name, key.data(), size) == 0) {
      return {{name, size}, {type, {value, value_size}}};
    }
    at = value + value_size;
  }
  return {};
}

enum class LeafArrays {
  kExpand,  // an array at the end of the path: every member, then the array
  kWhole,   // only the array
};

inline constexpr std::size_t kNoIndex = static_cast<std::size_t>(-1);

namespace internal {

template <class Visit>
bool visit_leaf(bson::ValueView value, LeafArrays arrays, std::size_t outer, Visit& visit) {
  if (value.is_array() && arrays == LeafArrays::kExpand) {
    std::size_t i = 0;
    for (const bson::Element& member : value.as_array()) {
      if (visit(member.value(), outer == kNoIndex ? i : outer)) return true;
      ++i;
    }
  }
  return visit(value, outer);
}

template <class Visit>
bool walk_array(const Path& path, std::size_t depth, bson::View array, LeafArrays arrays,
                std::size_t outer, Visit& visit);

template <class Visit>
bool walk_document(const Path& path, std::size_t depth, bson::View document, LeafArrays arrays,
                   std::size_t outer, Visit& visit) {
  for (;;) {
    const bson::Element element = find_field(document, path[depth].name);
    if (++depth == path.size()) return visit_leaf(element.value(), arrays, outer, visit);
    if (element.is_array()) {
      return walk_array(path, depth, element.as_array(), arrays, outer, visit);
    }
    if (!element.is_document()) return visit(bson::ValueView(), outer);
    document = element.as_document();
  }
}

template <class Visit>
bool walk_array(const Path& path, std::size_t depth, bson::View array, LeafArrays arrays,
                std::size_t outer, Visit& visit) {
  const Path::Component& next = path[depth];
  std::size_t i = 0;
  for (const bson::Element& member : array) {
    const std::size_t index = outer == kNoIndex ? i : outer;
    if (member.is_document() &&
        walk_document(path, depth, member.as_document(), arrays, index, visit)) {
      return true;
    }
    if (next.index == i) {
      if (depth + 1 == path.size()) {
        if (visit(member.value(), index)) return true;
      } else if (member.is_document()) {
        if (walk_document(path, depth + 1, member.as_document(), arrays, index, visit)) return true;
      } else if (member.is_array()) {
        if (walk_array(path, depth + 1, member.as_array(), arrays, index, visit)) return true;
      }
    }
    ++i;
  }
  return false;
}

}  // namespace internal

// Calls visit(ValueView value, std::size_t index) for the values that path means in document, until
// it returns true; the result says whether it did. The value is missing where a document lacks the
// field; index is the position in the outermost array that led there, or kNoIndex.
template <class Visit>
bool walk(const Path& path, bson::View document, LeafArrays arrays, Visit&& visit) {
  return internal::walk_document(path, 0, document, arrays, kNoIndex, visit);
}

}  // namespace quern::query

#endif  // QUERN_QUERY_PATH_WALK_H_
