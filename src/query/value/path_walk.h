// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The walk from a document to the values that a path means, and the fast search for a key that all
// of evaluation stands on. Nothing here allocates.
//
// MongoDB's walk through arrays: below an array that isn't the end of the path, the rest of the
// path goes on in every member that is a document, and, if the next component is a number, in the
// member at that index. An array at the end of the path means each of its members and then itself,
// unless the path reached it by index or the caller wants arrays whole.
#ifndef QUERN_QUERY_VALUE_PATH_WALK_H_
#define QUERN_QUERY_VALUE_PATH_WALK_H_

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "quern/bson/view.h"
#include "query/value/field_path.h"

namespace quern::query {

// Length in bytes of a value in validated bytes; the same as bson::value_size, made for scans: a
// fixed part and, for most other types, the length that the value begins with.
inline std::size_t scan_size(bson::Type type, const std::uint8_t* p) {
  using bson::Type;
  struct Shape {
    std::uint8_t fixed = 0;
    bool has_length = false;
    bool special = false;
  };
  static constexpr auto kShapes = [] {
    std::array<Shape, 256> shapes{};
    const auto set = [&](Type t, std::uint8_t fixed, bool has_length) {
      shapes[static_cast<std::uint8_t>(t)] = {fixed, has_length, false};
    };
    set(Type::kBool, 1, false);
    set(Type::kInt32, 4, false);
    for (const Type t : {Type::kDouble, Type::kDate, Type::kTimestamp, Type::kInt64})
      set(t, 8, false);
    set(Type::kObjectId, 12, false);
    set(Type::kDecimal128, 16, false);
    for (const Type t : {Type::kString, Type::kCode, Type::kSymbol}) set(t, 4, true);
    for (const Type t : {Type::kDocument, Type::kArray, Type::kCodeWithScope}) set(t, 0, true);
    set(Type::kBinary, 5, true);
    set(Type::kDbPointer, 16, true);
    shapes[static_cast<std::uint8_t>(Type::kRegex)].special = true;
    return shapes;
  }();
  const Shape shape = kShapes[static_cast<std::uint8_t>(type)];
  if (shape.special) return bson::value_size(type, p);
  return shape.fixed + (shape.has_length ? std::size_t{load_le<std::uint32_t>(p)} : 0);
}

// The length of the NUL-terminated name that begins with these eight bytes; 8 if no NUL is among
// them.
inline std::size_t short_length(std::uint64_t bytes) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const std::uint64_t zeros = (bytes - kOnes) & ~bytes & (kOnes << 7);
  return static_cast<std::size_t>(std::countr_zero(zeros)) / 8;
}

// The first element with that name; a missing Element when there is none.
inline bson::Element find_field(bson::View document, const FieldName& field) {
  const std::uint8_t* at = document.data() + 4;
  const std::uint8_t* end = document.data() + document.size();
  while (*at != 0) {
    const std::uint8_t* name = at + 1;
    std::size_t size = 0;
    bool found = false;
    if (end - name >= 8) {  // most names end within eight bytes
      const auto bytes = load_le<std::uint64_t>(name);
      size = short_length(bytes);
      found = field.is_short() && field.begins(bytes);
    } else {
      while (size < 8 && name[size] != 0) ++size;
      found = field.is_short() && size == field.text().size() &&
              equal({name, size}, as_bytes(field.text()));
    }
    if (size == 8) {
      size += std::strlen(reinterpret_cast<const char*>(name) + 8);
      found = size == field.text().size() && equal({name, size}, as_bytes(field.text()));
    }
    const std::uint8_t* value = name + size + 1;
    const auto type = static_cast<bson::Type>(*at);
    const std::size_t value_size = scan_size(type, value);
    if (found) {
      return {{reinterpret_cast<const char*>(name), size}, {type, {value, value_size}}};
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
bool walk_array(const FieldPath& path, std::size_t depth, bson::View array, LeafArrays arrays,
                std::size_t outer, Visit& visit);

template <class Visit>
bool walk_document(const FieldPath& path, std::size_t depth, bson::View document, LeafArrays arrays,
                   std::size_t outer, Visit& visit) {
  for (;;) {
    const bson::Element element = find_field(document, path[depth].field);
    if (++depth == path.size()) return visit_leaf(element.value(), arrays, outer, visit);
    if (element.is_array()) {
      return walk_array(path, depth, element.as_array(), arrays, outer, visit);
    }
    if (!element.is_document()) return visit(bson::ValueView(), outer);
    document = element.as_document();
  }
}

template <class Visit>
bool walk_array(const FieldPath& path, std::size_t depth, bson::View array, LeafArrays arrays,
                std::size_t outer, Visit& visit) {
  const FieldPath::Component& next = path[depth];
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

// If no array lies on the path nor at its end: the one value that path means, missing if there is
// none. False where an array does.
inline bool find_without_arrays(const FieldPath& path, bson::View document,
                                bson::ValueView& value) {
  for (std::size_t depth = 0;; ++depth) {
    const bson::Element element = find_field(document, path[depth].field);
    if (element.is_array()) return false;
    if (depth + 1 == path.size()) {
      value = element.value();
      return true;
    }
    if (!element.is_document()) {
      value = {};
      return true;
    }
    document = element.as_document();
  }
}

// Calls visit(ValueView value, std::size_t index) for the values that path means in document, until
// it returns true; the result says whether it did. The value is missing where a document lacks the
// field; index is the position in the outermost array that led there, or kNoIndex.
template <class Visit>
bool walk(const FieldPath& path, bson::View document, LeafArrays arrays, Visit&& visit) {
  return internal::walk_document(path, 0, document, arrays, kNoIndex, visit);
}

}  // namespace quern::query

#endif  // QUERN_QUERY_VALUE_PATH_WALK_H_
