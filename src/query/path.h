// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Dotted field paths, split once, and the walk from a document to the values that a path means.
//
// MongoDB's walk through arrays: below an array that isn't the end of the path, the rest of the
// path goes on in every member that is a document, and, if the next component is a number, in the
// member at that index. A walk allocates nothing.
#ifndef QUERN_QUERY_PATH_H_
#define QUERN_QUERY_PATH_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quern/bson/view.h"

namespace quern::query {

class Path {
 public:
  struct Component {
    std::string_view name;
    std::optional<std::uint32_t> index;  // if the name is a canonical decimal number
  };

  Path() = default;
  // Splits at dots. Never fails: "" is one empty component.
  explicit Path(std::string_view dotted);
  Path(const Path& other) : Path(other.text_) {}
  Path(Path&& other) : Path(other.text_) {}
  Path& operator=(const Path& other) { return *this = Path(other); }
  Path& operator=(Path&& other);

  const std::string& text() const { return text_; }
  std::size_t size() const { return components_.size(); }
  const Component& operator[](std::size_t i) const { return components_[i]; }

 private:
  std::string text_;
  std::vector<Component> components_;
};

// The number that a path component or array index is: decimal digits without leading zeros.
std::optional<std::uint32_t> array_index(std::string_view name);

}  // namespace quern::query

#endif  // QUERN_QUERY_PATH_H_
