// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $year, $month, $dayOfMonth, $hour, $minute, $second, $millisecond, $dayOfYear, $dayOfWeek, $week,
// $isoWeek, $isoWeekYear, $isoDayOfWeek, $dateToString, $dateFromString, $dateToParts,
// $dateFromParts, $tsSecond, $tsIncrement.
#include <algorithm>

#include "quern/base/error.h"
#include "query/expression/convert.h"
#include "query/expression/date_argument.h"
#include "query/expression/expression_builder.h"
#include "query/value/calendar.h"

namespace quern::query {

using bson::Type;

std::int64_t moment_of(const Datum& value) {
  if (value.type() == Type::kDate) return value.view().as_date().milliseconds;
  if (value.type() == Type::kTimestamp || value.type() == Type::kObjectId) {
    Evaluation evaluation;
    const Datum date = convert(value, Type::kDate, evaluation);
    return date.view().as_date().milliseconds;
  }
  throw Error(
      16006, "can't convert from BSON type " + std::string(bson::alias(value.type())) + " to Date");
}

std::optional<TimeZone> zone_of(const ExpressionNode* timezone, Evaluation& evaluation) {
  if (timezone == nullptr) return TimeZone();
  const Datum name = timezone->evaluate(evaluation);
  if (name.nullish()) return std::nullopt;
  if (name.type() != Type::kString) {
    throw Error(40517, "timezone must evaluate to a string, found " +
                           std::string(bson::alias(name.type())));
  }
  return TimeZone::named(name.view().as_string());
}

namespace {

constexpr auto kFailedToParse = static_cast<std::int32_t>(ErrorCode::kFailedToParse);

std::int64_t local_time(const Datum& date, const TimeZone& zone) {
  const auto local = zone.to_local(moment_of(date));
  if (!local) throw Error(ErrorCode::kOverflow, "date overflow in a time zone");
  return *local;
}

using Part = std::int64_t (*)(const CivilTime&);

class DatePart : public ExpressionNode {
 public:
  DatePart(Part part, bool wide, ExpressionPtr date, ExpressionPtr timezone)
      : part_(part), wide_(wide), date_(std::move(date)), timezone_(std::move(timezone)) {}
  Datum evaluate(Evaluation& evaluation) const override {
    const Datum date = date_->evaluate(evaluation);
    const auto zone = zone_of(timezone_.get(), evaluation);
    if (date.nullish() || !zone) return Datum::null();
    const std::int64_t value = part_(civil_time(local_time(date, *zone)));
    return wide_ ? Datum::of(value) : Datum::of(static_cast<std::int32_t>(value));
  }

 private:
  Part part_;
  bool wide_;
  ExpressionPtr date_;
  ExpressionPtr timezone_;
};

template <Part part, bool wide = false>
ExpressionPtr date_part(const language::Call& call, ExpressionBuilder& builder) {
  return std::make_unique<DatePart>(part, wide, builder.build(call[0]), builder.build(call[1]));
}

std::int64_t year(const CivilTime& t) { return t.year; }
std::int64_t month(const CivilTime& t) { return t.month; }
std::int64_t day_of_month(const CivilTime& t) { return t.day; }
std::int64_t hour(const CivilTime& t) { return t.hour; }
std::int64_t minute(const CivilTime& t) { return t.minute; }
std::int64_t second(const CivilTime& t) { return t.second; }
std::int64_t millisecond(const CivilTime& t) { return t.millisecond; }
std::int64_t day_of_year(const CivilTime& t) { return t.day_of_year; }
std::int64_t day_of_week(const CivilTime& t) { return t.day_of_week + 1; }
std::int64_t week(const CivilTime& t) { return sunday_week(t); }
std::int64_t week_of_iso(const CivilTime& t) { return iso_week(t).week; }
std::int64_t year_of_iso(const CivilTime& t) { return iso_week(t).year; }
std::int64_t day_of_iso_week(const CivilTime& t) { return (t.day_of_week + 6) % 7 + 1; }

class DateToString : public ExpressionNode {
 public:
  ExpressionPtr date;
  ExpressionPtr format;
  ExpressionPtr timezone;
  ExpressionPtr on_null;

  Datum evaluate(Evaluation& evaluation) const override {
    const Datum value = date->evaluate(evaluation);
    const auto zone = zone_of(timezone.get(), evaluation);
    if (value.nullish()) return on_null != nullptr ? on_null->evaluate(evaluation) : Datum::null();
    if (!zone) return Datum::null();
    std::string_view layout =
        timezone == nullptr ? "%Y-%m-%dT%H:%M:%S.%LZ" : "%Y-%m-%dT%H:%M:%S.%L";
    Datum given;
    if (format != nullptr) {
      given = format->evaluate(evaluation);
      if (given.nullish()) return Datum::null();
      if (given.type() != Type::kString)
        throw Error(18533, "$dateToString requires that 'format' be a string");
      layout = given.view().as_string();
    }
    return evaluation.string(format_date(layout, moment_of(value), *zone));
  }
};

ExpressionPtr date_to_string(const language::Call& call, ExpressionBuilder& builder) {
  auto node = std::make_unique<DateToString>();
  node->date = builder.build(call[0]);
  node->format = builder.build(call[1]);
  node->timezone = builder.build(call[2]);
  node->on_null = builder.build(call[3]);
  return node;
}

class DateFromString : public ExpressionNode {
 public:
  ExpressionPtr text;
  ExpressionPtr timezone;
  ExpressionPtr on_error;
  ExpressionPtr on_null;

  Datum evaluate(Evaluation& evaluation) const override {
    const Datum value = text->evaluate(evaluation);
    const auto zone = zone_of(timezone.get(), evaluation);
    if (value.nullish()) return on_null != nullptr ? on_null->evaluate(evaluation) : Datum::null();
    if (!zone) return Datum::null();
    if (value.type() == Type::kString) {
      if (const auto date = parse_iso(value.view().as_string(), *zone)) return Datum::of(*date);
    }
    if (on_error != nullptr) return on_error->evaluate(evaluation);
    throw Error(ErrorCode::kConversionFailure,
                value.type() == Type::kString
                    ? "Error parsing date string: it is not an ISO 8601 date"
                    : "$dateFromString requires that 'dateString' be a string, found: " +
                          std::string(bson::alias(value.type())));
  }
};

ExpressionPtr date_from_string(const language::Call& call, ExpressionBuilder& builder) {
  if (!call[1].absent()) {
    throw Error(
        ErrorCode::kFailedToParse,
        "$dateFromString with 'format' is not supported by this engine: only ISO 8601 dates are");
  }
  auto node = std::make_unique<DateFromString>();
  node->text = builder.build(call[0]);
  node->timezone = builder.build(call[2]);
  node->on_error = builder.build(call[3]);
  node->on_null = builder.build(call[4]);
  return node;
}

class DateToParts : public ExpressionNode {
 public:
  ExpressionPtr date;
  ExpressionPtr timezone;

  Datum evaluate(Evaluation& evaluation) const override {
    const Datum value = date->evaluate(evaluation);
    const auto zone = zone_of(timezone.get(), evaluation);
    if (value.nullish() || !zone) return Datum::null();
    const CivilTime time = civil_time(local_time(value, *zone));
    Evaluation::Scratch parts(evaluation);
    const auto add = [&](std::string_view name, std::int64_t part) {
      parts->append(name, Datum::of(static_cast<std::int32_t>(part)));
    };
    add("year", time.year);
    add("month", time.month);
    add("day", time.day);
    add("hour", time.hour);
    add("minute", time.minute);
    add("second", time.second);
    add("millisecond", time.millisecond);
    return parts.finish();
  }
};

ExpressionPtr date_to_parts(const language::Call& call, ExpressionBuilder& builder) {
  if (call[2].source.truthy()) {
    throw Error(kFailedToParse, "$dateToParts with 'iso8601' is not supported by this engine");
  }
  auto node = std::make_unique<DateToParts>();
  node->date = builder.build(call[0]);
  node->timezone = builder.build(call[1]);
  return node;
}

class DateFromParts : public ExpressionNode {
 public:
  // year, month, day, hour, minute, second, millisecond; null where left out.
  ExpressionPtr parts[7];
  ExpressionPtr timezone;

  Datum evaluate(Evaluation& evaluation) const override {
    std::int64_t values[7] = {1970, 1, 1, 0, 0, 0, 0};
    for (int i = 0; i < 7; ++i) {
      if (parts[i] == nullptr) continue;
      const Datum part = parts[i]->evaluate(evaluation);
      if (part.nullish()) return Datum::null();
      const auto number = part.view().whole_number();
      if (!number) throw Error(40515, "the parts of $dateFromParts must evaluate to integers");
      if (*number < -32768 || *number > 32767) {
        throw Error(31034, "the parts of $dateFromParts must be between -32768 and 32767");
      }
      values[i] = *number;
    }
    if (values[0] < 1 || values[0] > 9999) {
      throw Error(40523, "'year' must evaluate to an integer in the range 1 to 9999");
    }
    const auto zone = zone_of(timezone.get(), evaluation);
    if (!zone) return Datum::null();
    CivilTime time;
    time.year = values[0];
    time.month = static_cast<int>(values[1]);
    time.day = static_cast<int>(values[2]);
    time.hour = static_cast<int>(values[3]);
    time.minute = static_cast<int>(values[4]);
    time.second = static_cast<int>(values[5]);
    time.millisecond = static_cast<int>(values[6]);
    return Datum::of(bson::Date{*zone->to_utc(*milliseconds_of(time))});
  }
};

ExpressionPtr date_from_parts(const language::Call& call, ExpressionBuilder& builder) {
  constexpr std::size_t kParts = 7;
  const std::span<const language::Expression> iso = std::span(call.arguments).subspan(kParts + 1);
  if (std::ranges::any_of(iso, [](const auto& part) { return !part.absent(); })) {
    throw Error(kFailedToParse,
                "$dateFromParts with 'isoWeekYear' is not supported by this engine");
  }
  if (call[0].absent()) throw Error(40516, "Missing 'year' parameter to $dateFromParts");
  auto node = std::make_unique<DateFromParts>();
  for (std::size_t i = 0; i < kParts; ++i) node->parts[i] = builder.build(call[i]);
  node->timezone = builder.build(call[kParts]);
  return node;
}

bson::Timestamp timestamp_or(const Datum& d, const char* name, std::int32_t code) {
  if (d.type() != Type::kTimestamp) {
    throw Error(code, std::string("Argument to ") + name + " must be a timestamp, but is " +
                          std::string(bson::alias(d.type())));
  }
  return d.view().as_timestamp();
}
Datum timestamp_second(std::span<const Datum> a, Evaluation&) {
  return Datum::of(std::int64_t{timestamp_or(a[0], "$tsSecond", 5687301).seconds});
}
Datum timestamp_increment(std::span<const Datum> a, Evaluation&) {
  return Datum::of(std::int64_t{timestamp_or(a[0], "$tsIncrement", 5687302).increment});
}

constexpr FunctionOperator kFunctions[] = {
    {"$tsSecond", timestamp_second, Nulls::kGiveNull},
    {"$tsIncrement", timestamp_increment, Nulls::kGiveNull},
};
constexpr NodeOperator kNodes[] = {
    {"$year", date_part<year>},
    {"$month", date_part<month>},
    {"$dayOfMonth", date_part<day_of_month>},
    {"$hour", date_part<hour>},
    {"$minute", date_part<minute>},
    {"$second", date_part<second>},
    {"$millisecond", date_part<millisecond>},
    {"$dayOfYear", date_part<day_of_year>},
    {"$dayOfWeek", date_part<day_of_week>},
    {"$week", date_part<week>},
    {"$isoWeek", date_part<week_of_iso>},
    {"$isoWeekYear", date_part<year_of_iso, true>},
    {"$isoDayOfWeek", date_part<day_of_iso_week>},
    {"$dateToString", date_to_string},
    {"$dateFromString", date_from_string},
    {"$dateToParts", date_to_parts},
    {"$dateFromParts", date_from_parts},
};

}  // namespace

OperatorFamily date_operators() { return {kFunctions, kNodes}; }

}  // namespace quern::query
