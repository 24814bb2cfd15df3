// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/value/field_path.h"

#include <charconv>

namespace quern::query {

std::optional<std::uint32_t> array_index(std::string_view name) {
  if (name.empty() || (name.size() > 1 && name[0] == '0')) return std::nullopt;
  std::uint32_t index = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return index;
}

FieldPath::FieldPath(std::string_view dotted) : text_(dotted) { split(); }

FieldPath& FieldPath::operator=(const FieldPath& other) {
  if (this == &other) return *this;
  text_ = other.text_;
  split();
  return *this;
}

void FieldPath::split() {
  components_.clear();
  std::string_view rest = text_;
  for (;;) {
    const std::size_t dot = rest.find('.');
    const std::string_view name = rest.substr(0, dot);
    components_.push_back({name, name, array_index(name)});
    if (dot == rest.npos) return;
    rest.remove_prefix(dot + 1);
  }
}

}  // namespace quern::query
