// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Names of structs and members, out of what the compiler calls the functions that were made for
// them.
#include <string_view>

#include "quern/models/internal/reflect.h"

namespace quern::internal {
namespace {

// Of a text such as "… static_object<A>.value.ns::A::name)".
std::string_view last_identifier(std::string_view text) {
  const auto is_identifier = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  std::size_t end = text.size();
  while (end > 0 && !is_identifier(text[end - 1])) --end;
  std::size_t begin = end;
  while (begin > 0 && is_identifier(text[begin - 1])) --begin;
  return text.substr(begin, end - begin);
}

}  // namespace

std::string_view member_name(std::string_view text) {
  return last_identifier(text.substr(0, text.find(';')));
}

std::string_view type_name(std::string_view text) {
  text.remove_prefix(text.find("T = ") + 4);
  return last_identifier(text.substr(0, text.find_first_of(";]")));
}

}  // namespace quern::internal
