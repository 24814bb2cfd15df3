// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Dates as people read them: the proleptic Gregorian calendar, in time zones (time_zone.h).
#ifndef QUERN_QUERY_VALUE_CALENDAR_H_
#define QUERN_QUERY_VALUE_CALENDAR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "quern/bson/types.h"
#include "query/value/time_zone.h"

namespace quern::query {

struct CivilTime {
  std::int64_t year = 1970;
  int month = 1;  // 1 to 12
  int day = 1;    // 1 to 31
  int hour = 0;
  int minute = 0;
  int second = 0;
  int millisecond = 0;
  int day_of_week = 0;  // 0 is Sunday
  int day_of_year = 1;  // 1 to 366
};

inline constexpr std::int64_t kMillisecondsADay = 86'400'000;

// Division rounded down, so that time before 1970 counts on. b is positive.
inline std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

// Milliseconds are local: already moved by the offset of their time zone.
CivilTime civil_time(std::int64_t milliseconds);
// The other way; months, days and times outside their range count on (month 13 is January). Ignores
// the days of week and year. Nothing if the result exceeds 64 bits.
std::optional<std::int64_t> milliseconds_of(const CivilTime& time);
std::int64_t days_from_civil(std::int64_t year, int month, int day);
int days_in_month(std::int64_t year, int month);

struct IsoWeek {
  std::int64_t year;
  int week;  // 1 to 53
};
IsoWeek iso_week(const CivilTime& time);
// Weeks begin on Sunday; the days before the first Sunday are week 0.
int sunday_week(const CivilTime& time);

// 2024-02-29T12:30:00.000Z
std::string iso_text(bson::Date date);
// "2024-02-29", optionally with "T12:30[:00[.123]]" and a zone or offset; a blank may stand for the
// T. Nothing if text is no such date.
std::optional<bson::Date> parse_iso(std::string_view text, const TimeZone& default_zone = {});

// strftime's letters as MongoDB has them: %Y %m %d %H %M %S %L %j %w %u %U %V %G %z %Z %b %B %%.
// Throws Error 18535 and 18536 for a faulty format.
std::string format_date(std::string_view format, std::int64_t utc, const TimeZone& zone);

}  // namespace quern::query

#endif  // QUERN_QUERY_VALUE_CALENDAR_H_
