// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Time zones: fixed offsets from UTC, and those of the Olson database with all their past and
// future changes, as ICU has them.
#ifndef QUERN_QUERY_VALUE_TIME_ZONE_H_
#define QUERN_QUERY_VALUE_TIME_ZONE_H_

#include <unicode/uversion.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

U_NAMESPACE_BEGIN
class BasicTimeZone;
U_NAMESPACE_END

namespace quern::query {

// Milliseconds east of UTC that "UTC", "GMT", "Z", "+hh", "+hhmm" and "+hh:mm" stand for.
std::optional<std::int64_t> parse_utc_offset(std::string_view text);

// All times are milliseconds since 1970-01-01, local ones as a clock on the wall there shows them.
class TimeZone {
 public:
  TimeZone() = default;  // UTC
  explicit TimeZone(std::int64_t offset) : offset_(offset) {}

  // An offset, or a name such as "Europe/Berlin". Throws Error(40485) for other texts.
  static TimeZone named(std::string_view name);

  // The offset, in milliseconds east of UTC, at that moment.
  std::int64_t offset_at(std::int64_t utc) const;
  // The moment of a local time. Where clocks are set back, of two the earlier; where they are set
  // forward, a time that no clock shows counts on from the one before the gap: 02:30 is 03:30.
  // Nothing if it exceeds 64 bits.
  std::optional<std::int64_t> to_utc(std::int64_t local) const;
  // The local time at that moment; nothing if it exceeds 64 bits.
  std::optional<std::int64_t> to_local(std::int64_t utc) const;

 private:
  std::int64_t offset_ = 0;
  std::shared_ptr<const icu::BasicTimeZone> rules_;  // null: the fixed offset
};

}  // namespace quern::query

#endif  // QUERN_QUERY_VALUE_TIME_ZONE_H_
