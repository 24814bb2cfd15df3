// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Dotted field paths, split once. query/value/path_walk.h walks them through documents.
#ifndef QUERN_QUERY_VALUE_FIELD_PATH_H_
#define QUERN_QUERY_VALUE_FIELD_PATH_H_

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace quern::query {

// A field name prepared for the search in documents: names of up to seven bytes are compared in one
// step, together with the NUL that ends them.
class FieldName {
 public:
  template <class Text>
  requires std::is_convertible_v<const Text&, std::string_view> FieldName(const Text& text)
      : text_(text) {
    if (!is_short()) return;
    if (!text_.empty()) std::memcpy(&bytes_, text_.data(), text_.size());
    mask_ = ~std::uint64_t{0} >> (8 * (7 - text_.size()));
  }
  std::string_view text() const { return text_; }
  bool is_short() const { return text_.size() < 8; }
  // Of short names: do the eight bytes begin with the name and a NUL?
  bool begins(std::uint64_t bytes) const { return ((bytes ^ bytes_) & mask_) == 0; }

 private:
  std::string_view text_;
  std::uint64_t bytes_ = 0;
  std::uint64_t mask_ = 0;
};

class FieldPath {
 public:
  struct Component {
    std::string_view name;
    FieldName field;
    std::optional<std::uint32_t> index;  // if the name is a canonical decimal number
  };

  FieldPath() : FieldPath(std::string_view()) {}
  // Splits at dots. Never fails: "" is one empty component.
  explicit FieldPath(std::string_view dotted);
  FieldPath(const FieldPath& other) : FieldPath(other.text_) {}
  FieldPath& operator=(const FieldPath& other);

  const std::string& text() const { return text_; }
  std::size_t size() const { return components_.size(); }
  const Component& operator[](std::size_t i) const { return components_[i]; }

 private:
  void split();

  std::string text_;
  std::vector<Component> components_;  // views of text_
};

// The number that a path component or an array's key is: decimal digits without leading zeros.
std::optional<std::uint32_t> array_index(std::string_view name);

}  // namespace quern::query

#endif  // QUERN_QUERY_VALUE_FIELD_PATH_H_
