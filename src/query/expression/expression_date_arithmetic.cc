// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $dateAdd, $dateSubtract, $dateDiff, $dateTrunc.
#include <algorithm>

#include "quern/base/error.h"
#include "query/expression/date_argument.h"
#include "query/expression/expression_builder.h"
#include "query/value/calendar.h"

namespace quern::query {
namespace {

using bson::Type;

enum class Unit { kMillisecond, kSecond, kMinute, kHour, kDay, kWeek, kMonth, kQuarter, kYear };
struct UnitName {
  std::string_view name;
  Unit unit;
};
constexpr UnitName kUnits[] = {
    {"millisecond", Unit::kMillisecond},
    {"second", Unit::kSecond},
    {"minute", Unit::kMinute},
    {"hour", Unit::kHour},
    {"day", Unit::kDay},
    {"week", Unit::kWeek},
    {"month", Unit::kMonth},
    {"quarter", Unit::kQuarter},
    {"year", Unit::kYear},
};

// Milliseconds of a unit of fixed length; 0 for months, quarters and years.
std::int64_t fixed_length(Unit unit) {
  switch (unit) {
    case Unit::kMillisecond:
      return 1;
    case Unit::kSecond:
      return 1'000;
    case Unit::kMinute:
      return 60'000;
    case Unit::kHour:
      return 3'600'000;
    case Unit::kDay:
      return kMillisecondsADay;
    case Unit::kWeek:
      return 7 * kMillisecondsADay;
    default:
      return 0;
  }
}
std::int64_t months_in(Unit unit) {
  return unit == Unit::kMonth ? 1 : unit == Unit::kQuarter ? 3 : 12;
}

[[noreturn]] void overflow(const char* name) {
  throw Error(ErrorCode::kOverflow, std::string("date overflow in ") + name);
}

// What all four operators share.
class DateArithmetic : public ExpressionNode {
 public:
  ExpressionPtr date;
  ExpressionPtr unit;
  ExpressionPtr timezone;

 protected:
  static std::optional<Unit> unit_of(const Datum& value) {
    if (value.nullish()) return std::nullopt;
    if (value.type() == Type::kString) {
      for (const UnitName& candidate : kUnits) {
        if (value.view().as_string() == candidate.name) return candidate.unit;
      }
    }
    throw Error(
        ErrorCode::kFailedToParse,
        "'unit' must be one of year, quarter, month, week, day, hour, minute, second, millisecond");
  }
  static std::int64_t add(std::int64_t a, std::int64_t b, const char* name) {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(a, b, &sum)) overflow(name);
    return sum;
  }
  static std::int64_t within(std::optional<std::int64_t> time, const char* name) {
    if (!time) overflow(name);
    return *time;
  }
  // 0 for Sunday; the day that weeks begin with.
  static std::optional<int> first_day(const ExpressionNode* start_of_week, Evaluation& evaluation) {
    if (start_of_week == nullptr) return 0;
    const Datum value = start_of_week->evaluate(evaluation);
    if (value.nullish()) return std::nullopt;
    constexpr std::string_view kDays[] = {"sunday",   "monday", "tuesday", "wednesday",
                                          "thursday", "friday", "saturday"};
    if (value.type() == Type::kString) {
      std::string name(value.view().as_string());
      for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
      for (int i = 0; i < 7; ++i) {
        if (name == kDays[i] || name == kDays[i].substr(0, 3)) return i;
      }
    }
    throw Error(ErrorCode::kFailedToParse, "'startOfWeek' must be the name of a day of the week");
  }
  // The number of the week that the day lies in, counted from some week.
  static std::int64_t week_number(std::int64_t local, int first) {
    // Day 0, 1970-01-01, was a Thursday (4).
    return floor_div(floor_div(local, kMillisecondsADay) + 4 - first, 7);
  }
};

class DateAdd : public DateArithmetic {
 public:
  ExpressionPtr amount;
  bool backwards = false;

  Datum evaluate(Evaluation& evaluation) const override {
    const char* name = backwards ? "$dateSubtract" : "$dateAdd";
    const Datum start = date->evaluate(evaluation);
    const auto step = unit_of(unit->evaluate(evaluation));
    const Datum count = amount->evaluate(evaluation);
    const auto zone = zone_of(timezone.get(), evaluation);
    if (start.nullish() || !step || count.nullish() || !zone) return Datum::null();
    const auto number = count.view().whole_number();
    if (!number) throw Error(5166405, std::string(name) + " expects integer amount of time units");
    if (*number == INT64_MIN) overflow(name);
    const std::int64_t by = backwards ? -*number : *number;
    const std::int64_t from = moment_of(start);
    const std::int64_t local = within(zone->to_local(from), name);
    if (const std::int64_t length = fixed_length(*step); length != 0) {
      std::int64_t total = 0;
      if (__builtin_mul_overflow(by, length, &total)) overflow(name);
      // A day later the clock shows the same time, be it 23 or 25 hours later.
      const std::int64_t moved = length < kMillisecondsADay
                                     ? add(from, total, name)
                                     : within(zone->to_utc(add(local, total, name)), name);
      return Datum::of(bson::Date{moved});
    }
    CivilTime time = civil_time(local);
    std::int64_t months = 0;
    if (__builtin_mul_overflow(by, months_in(*step), &months) ||
        __builtin_add_overflow(months, time.year * 12 + time.month - 1, &months)) {
      overflow(name);
    }
    time.year = floor_div(months, 12);
    time.month = static_cast<int>(months - time.year * 12) + 1;
    time.day = std::min(time.day, days_in_month(time.year, time.month));  // 31 January and a month
    const auto moved = milliseconds_of(time);
    if (!moved) overflow(name);
    return Datum::of(bson::Date{within(zone->to_utc(*moved), name)});
  }
};

template <bool backwards>
ExpressionPtr date_add(const language::Call& call, ExpressionBuilder& builder) {
  auto node = std::make_unique<DateAdd>();
  node->backwards = backwards;
  node->date = builder.build(call[0]);
  node->unit = builder.build(call[1]);
  node->amount = builder.build(call[2]);
  node->timezone = builder.build(call[3]);
  return node;
}

class DateDiff : public DateArithmetic {
 public:
  ExpressionPtr end;
  ExpressionPtr start_of_week;

  // How many boundaries of the unit lie between the two.
  Datum evaluate(Evaluation& evaluation) const override {
    const Datum from = date->evaluate(evaluation);
    const Datum to = end->evaluate(evaluation);
    const auto step = unit_of(unit->evaluate(evaluation));
    const auto zone = zone_of(timezone.get(), evaluation);
    if (from.nullish() || to.nullish() || !step || !zone) return Datum::null();
    const std::int64_t x = within(zone->to_local(moment_of(from)), "$dateDiff");
    std::int64_t y = within(zone->to_local(moment_of(to)), "$dateDiff");
    // Hours and less are hours that pass, whatever becomes of the clock meanwhile.
    if (const std::int64_t length = fixed_length(*step);
        length != 0 && length < kMillisecondsADay) {
      y = add(moment_of(to), x - moment_of(from), "$dateDiff");
    }
    if (*step == Unit::kWeek) {
      const auto first = first_day(start_of_week.get(), evaluation);
      if (!first) return Datum::null();
      return Datum::of(week_number(y, *first) - week_number(x, *first));
    }
    if (const std::int64_t length = fixed_length(*step); length != 0) {
      std::int64_t difference = 0;
      if (__builtin_sub_overflow(floor_div(y, length), floor_div(x, length), &difference)) {
        overflow("$dateDiff");
      }
      return Datum::of(difference);
    }
    const auto boundary = [&](std::int64_t local) {
      const CivilTime time = civil_time(local);
      return floor_div(time.year * 12 + time.month - 1, months_in(*step));
    };
    return Datum::of(boundary(y) - boundary(x));
  }
};

ExpressionPtr date_diff(const language::Call& call, ExpressionBuilder& builder) {
  auto node = std::make_unique<DateDiff>();
  node->date = builder.build(call[0]);
  node->end = builder.build(call[1]);
  node->unit = builder.build(call[2]);
  node->timezone = builder.build(call[3]);
  node->start_of_week = builder.build(call[4]);
  return node;
}

class DateTrunc : public DateArithmetic {
 public:
  ExpressionPtr bin_size;
  ExpressionPtr start_of_week;

  Datum evaluate(Evaluation& evaluation) const override {
    const Datum value = date->evaluate(evaluation);
    const auto step = unit_of(unit->evaluate(evaluation));
    const auto zone = zone_of(timezone.get(), evaluation);
    std::int64_t bins = 1;
    if (bin_size != nullptr) {
      const Datum size = bin_size->evaluate(evaluation);
      if (size.nullish()) return Datum::null();
      const auto number = size.view().whole_number();
      if (!number || *number <= 0) {
        throw Error(5439017, "$dateTrunc requires 'binSize' to be a positive 64-bit integer");
      }
      bins = *number;
    }
    if (value.nullish() || !step || !zone) return Datum::null();
    const std::int64_t local = within(zone->to_local(moment_of(value)), "$dateTrunc");
    // Bins are counted from the year 2000, which began on a Saturday (6).
    const std::int64_t reference_day = days_from_civil(2000, 1, 1);
    if (const std::int64_t length = fixed_length(*step); length != 0) {
      std::int64_t reference = reference_day * kMillisecondsADay;
      if (*step == Unit::kWeek) {
        const auto first = first_day(start_of_week.get(), evaluation);
        if (!first) return Datum::null();
        reference += (*first + 7 - 6) % 7 * kMillisecondsADay;
      }
      std::int64_t bin = 0;
      std::int64_t since = 0;
      if (__builtin_mul_overflow(length, bins, &bin) ||
          __builtin_sub_overflow(local, reference, &since) ||
          __builtin_mul_overflow(floor_div(since, bin), bin, &since)) {
        overflow("$dateTrunc");
      }
      const std::int64_t start = add(reference, since, "$dateTrunc");
      return Datum::of(bson::Date{length < kMillisecondsADay
                                      ? add(moment_of(value), start - local, "$dateTrunc")
                                      : within(zone->to_utc(start), "$dateTrunc")});
    }
    CivilTime time = civil_time(local);
    std::int64_t bin = 0;
    if (__builtin_mul_overflow(months_in(*step), bins, &bin)) overflow("$dateTrunc");
    const std::int64_t months = (time.year - 2000) * 12 + time.month - 1;
    const std::int64_t truncated = floor_div(months, bin) * bin;
    CivilTime start;
    start.year = 2000 + floor_div(truncated, 12);
    start.month = static_cast<int>(truncated - floor_div(truncated, 12) * 12) + 1;
    const auto result = milliseconds_of(start);
    if (!result) overflow("$dateTrunc");
    return Datum::of(bson::Date{within(zone->to_utc(*result), "$dateTrunc")});
  }
};

ExpressionPtr date_trunc(const language::Call& call, ExpressionBuilder& builder) {
  auto node = std::make_unique<DateTrunc>();
  node->date = builder.build(call[0]);
  node->unit = builder.build(call[1]);
  node->bin_size = builder.build(call[2]);
  node->timezone = builder.build(call[3]);
  node->start_of_week = builder.build(call[4]);
  return node;
}

constexpr NodeOperator kNodes[] = {
    {"$dateAdd", date_add<false>},
    {"$dateSubtract", date_add<true>},
    {"$dateDiff", date_diff},
    {"$dateTrunc", date_trunc},
};

}  // namespace

OperatorFamily date_arithmetic_operators() { return {{}, kNodes}; }

}  // namespace quern::query
