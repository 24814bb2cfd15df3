// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/value/time_zone.h"

#include <fmt/format.h>
#include <unicode/basictz.h>
#include <unicode/timezone.h>
#include <unicode/unistr.h>

#include <mutex>
#include <shared_mutex>

#include "base/text_map.h"
#include "quern/base/error.h"

namespace quern::query {
namespace {

using Rules = std::shared_ptr<const icu::BasicTimeZone>;

void check(UErrorCode code) {
  if (U_SUCCESS(code)) return;
  throw Error(ErrorCode::kInternalError, fmt::format("ICU: {}", u_errorName(code)));
}

// Null for a name that ICU does not list. It would make zones of others too, "GMT+3" among them.
Rules make_rules(std::string_view name) {
  const auto id =
      icu::UnicodeString::fromUTF8({name.data(), static_cast<std::int32_t>(name.size())});
  icu::UnicodeString canonical;
  UBool listed = false;
  UErrorCode code = U_ZERO_ERROR;
  icu::TimeZone::getCanonicalID(id, canonical, listed, code);
  if (U_FAILURE(code) || !listed) return nullptr;
  std::unique_ptr<icu::TimeZone> zone(icu::TimeZone::createTimeZone(id));
  if (dynamic_cast<icu::BasicTimeZone*>(zone.get()) == nullptr) return nullptr;
  return Rules(static_cast<icu::BasicTimeZone*>(zone.release()));
}

// Making one takes microseconds, and a query asks for each document. There are some 600 names.
Rules find_rules(std::string_view name) {
  static std::shared_mutex mutex;
  static TextMap<Rules> known;
  {
    const std::shared_lock lock(mutex);
    if (const auto at = known.find(name); at != known.end()) return at->second;
  }
  Rules rules = make_rules(name);
  if (rules != nullptr) {
    const std::lock_guard lock(mutex);
    known.emplace(name, rules);
  }
  return rules;
}

std::optional<std::int64_t> sum(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (__builtin_add_overflow(a, b, &result)) return std::nullopt;
  return result;
}

// Exactly two digits from the front of text.
std::optional<int> two_digits(std::string_view& text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() < 2 || !is_digit(text[0]) || !is_digit(text[1])) return std::nullopt;
  const int value = (text[0] - '0') * 10 + (text[1] - '0');
  text.remove_prefix(2);
  return value;
}

}  // namespace

std::optional<std::int64_t> parse_utc_offset(std::string_view text) {
  if (text == "UTC" || text == "GMT" || text == "Z") return 0;
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
  const std::int64_t sign = text.front() == '-' ? -1 : 1;
  text.remove_prefix(1);
  const auto hours = two_digits(text);
  if (!hours) return std::nullopt;
  int minutes = 0;
  if (!text.empty()) {
    if (text.front() == ':') text.remove_prefix(1);
    const auto given = two_digits(text);
    if (!given || !text.empty()) return std::nullopt;
    minutes = *given;
  }
  return sign * (*hours * 60 + minutes) * 60'000;
}

TimeZone TimeZone::named(std::string_view name) {
  if (const auto offset = parse_utc_offset(name)) return TimeZone(*offset);
  TimeZone zone;
  zone.rules_ = find_rules(name);
  if (zone.rules_ == nullptr) {
    throw Error(
        40485,
        "unrecognized time zone identifier: neither an offset such as \"+02:00\" nor a name "
        "of the Olson database such as \"Europe/Berlin\"");
  }
  return zone;
}

std::int64_t TimeZone::offset_at(std::int64_t utc) const {
  if (rules_ == nullptr) return offset_;
  std::int32_t standard = 0;
  std::int32_t daylight = 0;
  UErrorCode code = U_ZERO_ERROR;
  rules_->getOffset(static_cast<double>(utc), false, standard, daylight, code);
  check(code);
  return std::int64_t{standard} + daylight;
}

std::optional<std::int64_t> TimeZone::to_local(std::int64_t utc) const {
  return sum(utc, offset_at(utc));
}

std::optional<std::int64_t> TimeZone::to_utc(std::int64_t local) const {
  if (rules_ == nullptr) return sum(local, -offset_);
  std::int32_t standard = 0;
  std::int32_t daylight = 0;
  UErrorCode code = U_ZERO_ERROR;
  rules_->getOffsetFromLocal(static_cast<double>(local), UCAL_TZ_LOCAL_FORMER, UCAL_TZ_LOCAL_FORMER,
                             standard, daylight, code);
  check(code);
  return sum(local, -(std::int64_t{standard} + daylight));
}

}  // namespace quern::query
