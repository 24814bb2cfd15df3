// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/value/bounds.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "quern/bson/compare.h"
#include "query/value/numbers.h"

namespace quern::query {
namespace {

using bson::Type;
using bson::Value;

Value bare(Type type) { return Value(type, {}); }

// The least value of a type's rank in the BSON order.
Value lowest(int rank) {
  switch (rank) {
    case 0:
      return bare(Type::kMinKey);
    case 1:
      return bare(Type::kUndefined);
    case 2:
      return bare(Type::kNull);
    case 3:
      return Value::of(std::numeric_limits<double>::quiet_NaN());
    case 4:
      return Value::of("");
    case 5:
      return Value(bson::View().as_value());
    case 6:
      return Value(bson::View().as_value(Type::kArray));
    case 7:
      return Value::of(bson::Binary{});
    case 8:
      return Value::of(ObjectId());
    case 9:
      return Value::of(false);
    case 10:
      return Value::of(bson::Date{std::numeric_limits<std::int64_t>::min()});
    case 11:
      return Value::of(bson::Timestamp{});
    case 12:
      return Value::of(bson::Regex{"", ""});
    case 13:
      return Value::of(bson::DbPointer{"", ObjectId()});
    case 14:
      return Value::of(bson::Code{""});
    case 15:
      // An empty code with an empty scope: lengths of the whole and of the code, NUL, {}.
      return Value(Type::kCodeWithScope, {14, 0, 0, 0, 1, 0, 0, 0, 0, 5, 0, 0, 0, 0});
    default:
      return bare(Type::kMaxKey);
  }
}

constexpr int kNumberRank = 3;
constexpr int kStringRank = 4;

// All values of one type: numbers without NaN, which compares with nothing.
Interval bracket(int rank) {
  Interval interval;
  interval.low = rank == kNumberRank ? Value::of(-HUGE_VAL) : lowest(rank);
  interval.high = lowest(rank + 1);
  interval.high_inclusive = false;
  return interval;
}

Interval point(bson::ValueView value) { return {Value(value), Value(value), true, true}; }

// Order of the lower ends: where a stretch begins.
std::weak_ordering compare_lows(const Interval& a, const Interval& b) {
  const auto order = bson::compare(a.low.view(), b.low.view());
  if (order != 0) return order;
  return b.low_inclusive <=> a.low_inclusive;  // inclusive begins earlier
}
std::weak_ordering compare_highs(const Interval& a, const Interval& b) {
  const auto order = bson::compare(a.high.view(), b.high.view());
  if (order != 0) return order;
  return a.high_inclusive <=> b.high_inclusive;
}

bool is_empty(const Interval& interval) {
  const auto order = bson::compare(interval.low.view(), interval.high.view());
  return order > 0 || (order == 0 && !(interval.low_inclusive && interval.high_inclusive));
}

Bounds null_bounds() {
  // Undefined and null lie side by side in the order; a missing field has the key null.
  return {{{bare(Type::kUndefined), bare(Type::kNull), true, true}}, false};
}

// Equality with an array: a document that holds the array has a key for each member (or undefined
// for an empty one), a document that holds it as a member has the array itself.
Bounds array_bounds(bson::ValueView array) {
  const bson::View members = array.as_array();
  const Value first = members.empty() ? bare(Type::kUndefined) : Value(members.front().value());
  // A first member that is an array is a key as it is.
  return unite({{point(first.view())}, false}, {{point(array)}, false});
}

// Below value, or above it: what both sides have in common, then the side's own end of the bracket.
template <class Narrow>
Bounds ordered_bounds(bson::ValueView value, bool inclusive, Narrow narrow) {
  if (value.is_null()) return inclusive ? null_bounds() : Bounds{{}, true};
  if (is_nan(value)) return inclusive ? Bounds{{point(value)}, true} : Bounds{{}, true};
  // An array is compared as a whole but listed by its members.
  if (value.is_array() || value.type() == Type::kMinKey || value.type() == Type::kMaxKey) {
    return full_bounds();
  }
  Interval interval = bracket(bson::canonical_rank(value.type()));
  narrow(interval);
  if (is_empty(interval)) return {{}, true};
  return {{std::move(interval)}, true};
}

// The least string above all that begin with prefix: the last byte that can grow, grown.
std::optional<std::string> after_prefix(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xFF) prefix.pop_back();
  if (prefix.empty()) return std::nullopt;
  prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

}  // namespace

bool Interval::is_point() const {
  return low_inclusive && high_inclusive && bson::compare(low.view(), high.view()) == 0;
}

bool Bounds::is_full() const {
  return intervals.size() == 1 && intervals.front().low.type() == Type::kMinKey &&
         intervals.front().high.type() == Type::kMaxKey && intervals.front().low_inclusive &&
         intervals.front().high_inclusive;
}

bool Bounds::all_points() const {
  return !intervals.empty() &&
         std::all_of(intervals.begin(), intervals.end(),
                     [](const Interval& interval) { return interval.is_point(); });
}

Bounds full_bounds() { return {{{bare(Type::kMinKey), bare(Type::kMaxKey), true, true}}, false}; }
Bounds bounds_of_missing() { return {{point(bare(Type::kNull).view())}, false}; }
Bounds point_bounds(bson::ValueView value) { return {{point(value)}, false}; }

Bounds equality_bounds(bson::ValueView value) {
  if (value.is_null()) return null_bounds();
  if (value.is_array()) return array_bounds(value);
  return {{point(value)}, true};
}

Bounds bounds_below(bson::ValueView value, bool inclusive) {
  return ordered_bounds(value, inclusive, [&](Interval& interval) {
    interval.high = Value(value);
    interval.high_inclusive = inclusive;
  });
}

Bounds bounds_above(bson::ValueView value, bool inclusive) {
  return ordered_bounds(value, inclusive, [&](Interval& interval) {
    interval.low = Value(value);
    interval.low_inclusive = inclusive;
  });
}

Bounds prefix_bounds(const std::string& prefix) {
  Interval strings = bracket(kStringRank);
  strings.low = Value::of(prefix);
  if (const auto after = after_prefix(prefix)) strings.high = Value::of(*after);
  return {{std::move(strings)}, false};
}

Bounds intersect(const Bounds& a, const Bounds& b) {
  Bounds result{{}, a.exact && b.exact};
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.intervals.size() && j < b.intervals.size()) {
    const Interval& x = a.intervals[i];
    const Interval& y = b.intervals[j];
    const Interval& later_low = compare_lows(x, y) < 0 ? y : x;
    const Interval& earlier_high = compare_highs(x, y) < 0 ? x : y;
    Interval common{later_low.low, earlier_high.high, later_low.low_inclusive,
                    earlier_high.high_inclusive};
    if (!is_empty(common)) result.intervals.push_back(std::move(common));
    if (compare_highs(x, y) < 0) {
      ++i;
    } else {
      ++j;
    }
  }
  return result;
}

Bounds unite(Bounds a, Bounds b) {
  std::vector<Interval> all = std::move(a.intervals);
  for (Interval& interval : b.intervals) all.push_back(std::move(interval));
  std::sort(all.begin(), all.end(),
            [](const Interval& x, const Interval& y) { return compare_lows(x, y) < 0; });
  Bounds result{{}, a.exact && b.exact};
  for (Interval& interval : all) {
    if (!result.intervals.empty()) {
      Interval& last = result.intervals.back();
      const auto order = bson::compare(interval.low.view(), last.high.view());
      if (order < 0 || (order == 0 && (interval.low_inclusive || last.high_inclusive))) {
        if (compare_highs(last, interval) < 0) {
          last.high = std::move(interval.high);
          last.high_inclusive = interval.high_inclusive;
        }
        continue;
      }
    }
    result.intervals.push_back(std::move(interval));
  }
  return result;
}

bool contains(const Bounds& outer, const Bounds& inner) {
  for (const Interval& interval : inner.intervals) {
    bool inside = false;
    for (const Interval& around : outer.intervals) {
      inside |= compare_lows(around, interval) <= 0 && compare_highs(interval, around) <= 0;
    }
    if (!inside) return false;
  }
  return true;
}

}  // namespace quern::query
