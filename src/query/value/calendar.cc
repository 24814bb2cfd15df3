// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/value/calendar.h"

#include <fmt/format.h>

#include "quern/base/error.h"

namespace quern::query {
namespace {

constexpr std::int64_t kDaysIn400Years = 146'097;

constexpr std::string_view kMonths[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};

bool is_leap(std::int64_t year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

// Reads exactly count digits from the front of text.
std::optional<int> digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}
bool skip(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

int days_in_month(std::int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDays[month - 1];
}

// Years are counted from March, so that the leap day is the last of a year.
std::int64_t days_from_civil(std::int64_t year, int month, int day) {
  const std::int64_t y = month <= 2 ? year - 1 : year;
  const std::int64_t era = floor_div(y, 400);
  const std::int64_t year_of_era = y - era * 400;
  const int march_month = (month + 9) % 12;
  const std::int64_t day_of_year = (153 * march_month + 2) / 5 + day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * kDaysIn400Years + day_of_era - 719'468;  // days from 0000-03-01 to 1970-01-01
}

CivilTime civil_time(std::int64_t milliseconds) {
  const std::int64_t days = floor_div(milliseconds, kMillisecondsADay);
  auto rest = static_cast<int>(milliseconds - days * kMillisecondsADay);
  CivilTime time;
  const std::int64_t shifted = days + 719'468;
  const std::int64_t era = floor_div(shifted, kDaysIn400Years);
  const std::int64_t day_of_era = shifted - era * kDaysIn400Years;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const auto day_of_year =
      static_cast<int>(day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100));
  const int march_month = (5 * day_of_year + 2) / 153;
  time.day = day_of_year - (153 * march_month + 2) / 5 + 1;
  time.month = march_month < 10 ? march_month + 3 : march_month - 9;
  time.year = year_of_era + era * 400 + (time.month <= 2 ? 1 : 0);
  time.millisecond = rest % 1000;
  rest /= 1000;
  time.second = rest % 60;
  rest /= 60;
  time.minute = rest % 60;
  time.hour = rest / 60;
  time.day_of_week = static_cast<int>(((days + 4) % 7 + 7) % 7);  // 1970-01-01 was a Thursday
  time.day_of_year = static_cast<int>(days - days_from_civil(time.year, 1, 1)) + 1;
  return time;
}

std::optional<std::int64_t> milliseconds_of(const CivilTime& time) {
  constexpr std::int64_t kMaxYear = 300'000'000;
  if (time.year > kMaxYear || time.year < -kMaxYear) return std::nullopt;
  const std::int64_t months = time.year * 12 + time.month - 1;
  const std::int64_t year = floor_div(months, 12);
  const std::int64_t days =
      days_from_civil(year, static_cast<int>(months - year * 12) + 1, 1) + time.day - 1;
  const std::int64_t within =
      ((std::int64_t{time.hour} * 60 + time.minute) * 60 + time.second) * 1000 + time.millisecond;
  std::int64_t result = 0;
  if (__builtin_mul_overflow(days, kMillisecondsADay, &result) ||
      __builtin_add_overflow(result, within, &result)) {
    return std::nullopt;
  }
  return result;
}

// The week belongs to the year that its Thursday lies in.
IsoWeek iso_week(const CivilTime& time) {
  const int monday_based = (time.day_of_week + 6) % 7;
  const int thursday = time.day_of_year + 3 - monday_based;
  std::int64_t year = time.year;
  int day = thursday;
  if (thursday < 1) {
    --year;
    day += is_leap(year) ? 366 : 365;
  } else if (thursday > (is_leap(year) ? 366 : 365)) {
    day -= is_leap(year) ? 366 : 365;
    ++year;
  }
  return {year, (day - 1) / 7 + 1};
}

int sunday_week(const CivilTime& time) { return (time.day_of_year + 6 - time.day_of_week) / 7; }

std::string iso_text(bson::Date date) {
  return format_date("%Y-%m-%dT%H:%M:%S.%LZ", date.milliseconds, {});
}

std::optional<bson::Date> parse_iso(std::string_view text, const TimeZone& default_zone) {
  const auto year = digits(text, 4);
  if (!year || !skip(text, '-')) return std::nullopt;
  const auto month = digits(text, 2);
  if (!month || *month < 1 || *month > 12 || !skip(text, '-')) return std::nullopt;
  const auto day = digits(text, 2);
  if (!day || *day < 1 || *day > days_in_month(*year, *month)) return std::nullopt;
  CivilTime time;
  time.year = *year;
  time.month = *month;
  time.day = *day;
  TimeZone zone = default_zone;
  if (skip(text, 'T') || skip(text, ' ')) {
    const auto hour = digits(text, 2);
    if (!hour || *hour > 23 || !skip(text, ':')) return std::nullopt;
    const auto minute = digits(text, 2);
    if (!minute || *minute > 59) return std::nullopt;
    time.hour = *hour;
    time.minute = *minute;
    if (skip(text, ':')) {
      const auto second = digits(text, 2);
      if (!second || *second > 59) return std::nullopt;
      time.second = *second;
      if (skip(text, '.')) {
        int scale = 100;
        bool any = false;
        while (const auto digit = digits(text, 1)) {
          time.millisecond += *digit * scale;
          scale /= 10;
          any = true;
        }
        if (!any) return std::nullopt;
      }
    }
    skip(text, ' ');
  }
  if (!text.empty()) {
    const auto offset = parse_utc_offset(text);
    if (!offset) return std::nullopt;
    zone = TimeZone(*offset);
  }
  return bson::Date{*zone.to_utc(*milliseconds_of(time))};
}

std::string format_date(std::string_view format, std::int64_t utc, const TimeZone& zone) {
  const auto local = zone.to_local(utc);
  if (!local) throw Error(ErrorCode::kOverflow, "date overflow in a time zone");
  const std::int64_t offset = *local - utc;
  const CivilTime time = civil_time(*local);
  std::string out;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      out += format[i];
      continue;
    }
    if (++i == format.size()) throw Error(18535, "Unmatched '%' at end of format string");
    const auto year = [](std::int64_t y) {
      if (y < 0 || y > 9999) {
        throw Error(18537,
                    "Could not convert date to string: date component was outside the supported "
                    "range of 0-9999");
      }
      return fmt::format("{:04}", y);
    };
    switch (format[i]) {
      case 'Y':
        out += year(time.year);
        break;
      case 'm':
        out += fmt::format("{:02}", time.month);
        break;
      case 'd':
        out += fmt::format("{:02}", time.day);
        break;
      case 'H':
        out += fmt::format("{:02}", time.hour);
        break;
      case 'M':
        out += fmt::format("{:02}", time.minute);
        break;
      case 'S':
        out += fmt::format("{:02}", time.second);
        break;
      case 'L':
        out += fmt::format("{:03}", time.millisecond);
        break;
      case 'j':
        out += fmt::format("{:03}", time.day_of_year);
        break;
      case 'w':
        out += std::to_string(time.day_of_week + 1);
        break;
      case 'u':
        out += std::to_string((time.day_of_week + 6) % 7 + 1);
        break;
      case 'U':
        out += fmt::format("{:02}", sunday_week(time));
        break;
      case 'V':
        out += fmt::format("{:02}", iso_week(time).week);
        break;
      case 'G':
        out += year(iso_week(time).year);
        break;
      case 'b':
        out += kMonths[time.month - 1].substr(0, 3);
        break;
      case 'B':
        out += kMonths[time.month - 1];
        break;
      case 'z': {
        const std::int64_t minutes = (offset < 0 ? -offset : offset) / 60'000;
        out += fmt::format("{}{:02}{:02}", offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
        break;
      }
      case 'Z':
        out += std::to_string(offset / 60'000);
        break;
      case '%':
        out += '%';
        break;
      default:
        throw Error(18536, "Invalid format character after '%' in format string");
    }
  }
  return out;
}

}  // namespace quern::query
