// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/value/compiled_regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <atomic>

#include "quern/base/error.h"

namespace quern::query {
namespace {

constexpr std::uint32_t kMatchLimit = 1'000'000;  // steps of backtracking
constexpr std::uint32_t kLeastMatchLimit = 1000;
constexpr std::uint32_t kDepthLimit = 100'000;
constexpr std::uint32_t kHeapLimitKiB = 20'000;
constexpr std::size_t kMaxPattern = 16 * 1024;

struct FreeMatch {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
using MatchData = std::unique_ptr<pcre2_match_data, FreeMatch>;

struct FreeLimits {
  void operator()(pcre2_match_context* limits) const { pcre2_match_context_free(limits); }
};
using Limits = std::unique_ptr<pcre2_match_context, FreeLimits>;

std::uint32_t option_bits(std::string_view options) {
  std::uint32_t bits = 0;
  for (const char c : options) {
    switch (c) {
      case 'i':
        bits |= PCRE2_CASELESS;
        break;
      case 'm':
        bits |= PCRE2_MULTILINE;
        break;
      case 's':
        bits |= PCRE2_DOTALL;
        break;
      case 'x':
        bits |= PCRE2_EXTENDED;
        break;
      case 'u':
        break;  // UTF-8 is always on
      default:
        throw Error(51108, "invalid flag in regex options: i, m, s, x and u are known");
    }
  }
  return bits;
}

}  // namespace

struct CompiledRegex::Impl {
  std::string pattern;
  std::string options;
  pcre2_code* code = nullptr;
  Limits limits;
  // Match data of the last match, for the next one on any thread.
  std::atomic<pcre2_match_data*> spare = nullptr;

  ~Impl() {
    pcre2_code_free(code);
    pcre2_match_data_free(spare.load());
  }

  MatchData take() {
    MatchData data(spare.exchange(nullptr));
    if (data == nullptr) data.reset(pcre2_match_data_create_from_pattern(code, nullptr));
    if (data == nullptr) throw std::bad_alloc();
    return data;
  }
  void give_back(MatchData data) { MatchData(spare.exchange(data.release())); }

  int match(std::string_view text, std::size_t start, pcre2_match_data* data, const Limits& within,
            std::uint32_t options) const {
    return pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), start,
                       PCRE2_NO_UTF_CHECK | options, data, within.get());
  }

  bool is_anchored() const {
    std::uint32_t bits = 0;
    pcre2_pattern_info(code, PCRE2_INFO_ALLOPTIONS, &bits);
    return (bits & PCRE2_ANCHORED) != 0;
  }

  // Compiled code has a small stack and cannot grow it; the interpreter works on the heap, so that
  // the limits decide. It is slow, and the limit on steps is that of each start of a match: the
  // first may use it up, all others have it together.
  int interpret(std::string_view text, std::size_t start, pcre2_match_data* data) const {
    const int result = match(text, start, data, limits, PCRE2_NO_JIT | PCRE2_ANCHORED);
    if (result != PCRE2_ERROR_NOMATCH || is_anchored()) return result;
    const Limits shared(pcre2_match_context_copy(limits.get()));
    if (shared == nullptr) throw std::bad_alloc();
    const std::size_t share = kMatchLimit / (text.size() - start + 1);
    pcre2_set_match_limit(shared.get(), std::max<std::uint32_t>(kLeastMatchLimit, share));
    return match(text, start, data, shared, PCRE2_NO_JIT);
  }

  // Number of groups matched, the whole included; 0 if the text doesn't match.
  int run(std::string_view text, std::size_t start, pcre2_match_data* data) const {
    int result = match(text, start, data, limits, 0);
    if (result == PCRE2_ERROR_JIT_STACKLIMIT) result = interpret(text, start, data);
    if (result >= 0) return result;
    if (result == PCRE2_ERROR_NOMATCH) return 0;
    throw Error(51156, "a regular expression exceeded its limits (code " + std::to_string(result) +
                           "): simplify the pattern");
  }
};

CompiledRegex::CompiledRegex(std::string_view pattern, std::string_view options,
                             std::int32_t invalid_code)
    : impl_(std::make_unique<Impl>()) {
  impl_->pattern = pattern;
  impl_->options = options;
  const std::uint32_t bits = option_bits(options);
  if (pattern.size() > kMaxPattern) {
    throw Error(invalid_code, "Regular expression is too long: at most " +
                                  std::to_string(kMaxPattern) + " bytes");
  }
  int error = 0;
  std::size_t offset = 0;
  impl_->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                              bits | PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &error, &offset, nullptr);
  if (impl_->code == nullptr) {
    PCRE2_UCHAR text[256];
    pcre2_get_error_message(error, text, sizeof text);
    throw Error(invalid_code, std::string("Regular expression is invalid: ") +
                                  reinterpret_cast<const char*>(text) + " at position " +
                                  std::to_string(offset));
  }
  pcre2_jit_compile(impl_->code, PCRE2_JIT_COMPLETE);  // interpreted where that fails
  impl_->limits.reset(pcre2_match_context_create(nullptr));
  if (impl_->limits == nullptr) throw std::bad_alloc();
  pcre2_set_match_limit(impl_->limits.get(), kMatchLimit);
  pcre2_set_depth_limit(impl_->limits.get(), kDepthLimit);
  pcre2_set_heap_limit(impl_->limits.get(), kHeapLimitKiB);
}

CompiledRegex::CompiledRegex(bson::ValueView regex)
    : CompiledRegex(regex.as_regex().pattern, regex.as_regex().options) {}
CompiledRegex::~CompiledRegex() = default;
CompiledRegex::CompiledRegex(CompiledRegex&&) noexcept = default;
CompiledRegex& CompiledRegex::operator=(CompiledRegex&&) noexcept = default;

const std::string& CompiledRegex::pattern() const { return impl_->pattern; }
const std::string& CompiledRegex::options() const { return impl_->options; }

bool CompiledRegex::matches(bson::ValueView value) const {
  switch (value.type()) {
    case bson::Type::kString:
      return search(value.as_string());
    case bson::Type::kSymbol:
      return search(value.as_symbol());
    case bson::Type::kRegex: {
      const bson::Regex regex = value.as_regex();
      return regex.pattern == impl_->pattern && regex.options == impl_->options;
    }
    default:
      return false;
  }
}

bool CompiledRegex::search(std::string_view text) const {
  MatchData data = impl_->take();
  const bool found = impl_->run(text, 0, data.get()) > 0;
  impl_->give_back(std::move(data));
  return found;
}

bool CompiledRegex::search(std::string_view text, std::size_t start,
                           std::vector<Range>& groups) const {
  groups.clear();
  MatchData data = impl_->take();
  const int matched = impl_->run(text, start, data.get());
  if (matched > 0) {
    const std::size_t* bounds = pcre2_get_ovector_pointer(data.get());
    const std::uint32_t count = pcre2_get_ovector_count(data.get());
    for (std::uint32_t i = 0; i < count; ++i) {
      const bool set = static_cast<int>(i) < matched && bounds[2 * i] != PCRE2_UNSET;
      groups.push_back({set ? bounds[2 * i] : 0, set ? bounds[2 * i + 1] : 0, set});
    }
  }
  impl_->give_back(std::move(data));
  return matched > 0;
}

std::optional<std::string> CompiledRegex::literal_prefix() const {
  for (const char c : impl_->options) {
    if (c != 's' && c != 'u') return std::nullopt;  // i, m, x change what the text means
  }
  std::string_view rest = impl_->pattern;
  if (rest.starts_with("^")) {
    rest.remove_prefix(1);
  } else if (rest.starts_with("\\A")) {
    rest.remove_prefix(2);
  } else {
    return std::nullopt;
  }
  if (rest.find('|') != rest.npos) return std::nullopt;  // an alternative need not begin with it
  std::string prefix;
  constexpr std::string_view kSpecial = "^$.[]()?*+{}\\";
  while (!rest.empty()) {
    char c = rest.front();
    std::size_t used = 1;
    if (c == '\\') {
      // An escaped punctuation mark is itself; any other escape means something else.
      if (rest.size() < 2 || kSpecial.find(rest[1]) == kSpecial.npos) break;
      c = rest[1];
      used = 2;
    } else if (kSpecial.find(c) != kSpecial.npos) {
      break;
    }
    const std::string_view after = rest.substr(used);
    if (!after.empty() && std::string_view("?*+{").find(after.front()) != std::string_view::npos) {
      // The quantifier repeats one whole character, which may be several bytes.
      while (static_cast<unsigned char>(c) >= 0x80 && !prefix.empty() &&
             (static_cast<unsigned char>(c) & 0xC0) == 0x80) {
        c = prefix.back();
        prefix.pop_back();
      }
      rest = after;
      if (prefix.empty()) return std::nullopt;
      return prefix;
    }
    prefix += c;
    rest = after;
  }
  if (prefix.empty()) return std::nullopt;
  return prefix;
}

}  // namespace quern::query
