// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A compiled regular expression (PCRE2, UTF-8), with limits on the work of one match.
#ifndef QUERN_QUERY_VALUE_COMPILED_REGEX_H_
#define QUERN_QUERY_VALUE_COMPILED_REGEX_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quern/bson/view.h"

namespace quern::query {

// Immutable and safe to share between threads; matching allocates only when threads collide.
class CompiledRegex {
 public:
  // options: any of i, m, s, x, u. Throws Error with invalid_code for a pattern that doesn't
  // compile and 51108 for an unknown option.
  CompiledRegex(std::string_view pattern, std::string_view options,
                std::int32_t invalid_code = 51091);
  explicit CompiledRegex(bson::ValueView regex);  // of BSON type regex
  ~CompiledRegex();
  CompiledRegex(CompiledRegex&&) noexcept;
  CompiledRegex& operator=(CompiledRegex&&) noexcept;

  // A string or symbol that the pattern occurs in, or the same regular expression as a value.
  bool matches(bson::ValueView value) const;
  // Throws Error(51156) if the match exceeds its limits.
  bool search(std::string_view text) const;

  struct Range {
    std::size_t begin;
    std::size_t end;
    bool matched;
  };
  // The first match at or after start: the whole and every group. False if there is none.
  bool search(std::string_view text, std::size_t start, std::vector<Range>& groups) const;

  const std::string& pattern() const;
  const std::string& options() const;
  // If every match begins with the same literal text: that text, for index bounds.
  std::optional<std::string> literal_prefix() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quern::query

#endif  // QUERN_QUERY_VALUE_COMPILED_REGEX_H_
