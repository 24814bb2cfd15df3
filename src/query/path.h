// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Dotted field paths, split once. query/path_walk.h walks them through documents.
#ifndef QUERN_QUERY_PATH_H_
#define QUERN_QUERY_PATH_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern::query {

class Path {
 public:
  struct Component {
    std::string_view name;
    std::optional<std::uint32_t> index;  // if the name is a canonical decimal number
  };

  Path() : Path(std::string_view()) {}
  // Splits at dots. Never fails: "" is one empty component.
  explicit Path(std::string_view dotted);
  Path(const Path& other) : Path(other.text_) {}
  Path& operator=(const Path& other);

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

#endif  // QUERN_QUERY_PATH_H_
