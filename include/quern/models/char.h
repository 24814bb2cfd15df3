// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Char<N>: a string of at most N characters (Unicode code points) that may not be blank. It is a
// std::string in every respect; the rules are checked when a model is saved, not before. With
// allow_blank, the empty string is allowed too.
#ifndef QUERN_MODELS_CHAR_H_
#define QUERN_MODELS_CHAR_H_

#include <string>
#include <string_view>
#include <utility>

#include "quern/models/options.h"

namespace quern {

template <int N, auto... Options>
class Char : public std::string {
  static_assert(N > 0, "Char<N> needs a positive length");
  static_assert((internal::has_option<AllowBlank, Options> && ...),
                "Char<N, ...> takes one option: quern::allow_blank");

 public:
  static constexpr int kMaxLength = N;
  static constexpr bool kAllowBlank = sizeof...(Options) > 0;

  Char() = default;
  using std::string::string;
  using std::string::operator=;
  Char(const std::string& text) : std::string(text) {}
  Char(std::string&& text) noexcept : std::string(std::move(text)) {}
  Char(std::string_view text) : std::string(text) {}
};

}  // namespace quern

#endif  // QUERN_MODELS_CHAR_H_
