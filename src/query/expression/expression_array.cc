// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $arrayElemAt, $first, $last, $concatArrays, $in, $indexOfArray, $isArray, $range, $reverseArray,
// $size, $slice, $arrayToObject, $objectToArray, $firstN, $lastN, $sortArray.
#include <algorithm>

#include "quern/base/error.h"
#include "quern/bson/compare.h"
#include "query/expression/expression_builder.h"
#include "query/value/merge.h"
#include "query/value/path_walk.h"
#include "query/value/sort.h"
#include "query/value/values.h"

namespace quern::query {
namespace {

using bson::Type;
bson::View array_or(const Datum& d, std::int32_t code, const std::string& message) {
  if (d.type() != Type::kArray) throw Error(code, message + ", found: " + type_name(d));
  return d.view().as_array();
}

// The member at index, counted from the end if negative; missing outside the array.
Datum member_at(bson::View array, std::int64_t index) {
  if (index < 0) index += static_cast<std::int64_t>(array.count());
  if (index < 0) return {};
  for (const bson::Element& member : array) {
    if (index-- == 0) return member.value();
  }
  return {};
}

Datum elem_at(Operands a, Evaluation&) {
  const bson::View array = array_or(a[0], 28689, "$arrayElemAt's first argument must be an array");
  if (!a[1].is_number()) {
    throw Error(
        28690, "$arrayElemAt's second argument must be a numeric value, but is " + type_name(a[1]));
  }
  const auto index = a[1].view().whole_number();
  if (!index || *index < INT32_MIN || *index > INT32_MAX) {
    throw Error(28691, "$arrayElemAt's second argument must be representable as a 32-bit integer");
  }
  return member_at(array, *index);
}
Datum first(Operands a, Evaluation&) {
  return member_at(array_or(a[0], 28689, "$first's argument must be an array"), 0);
}
Datum last(Operands a, Evaluation&) {
  return member_at(array_or(a[0], 28689, "$last's argument must be an array"), -1);
}

Datum concat_arrays(Operands arguments, Evaluation& evaluation) {
  Evaluation::Scratch result(evaluation);
  for (const Datum& argument : arguments) {
    for (const bson::Element& member :
         array_or(argument, 28664, "$concatArrays only supports arrays")) {
      result->push(member.value());
    }
  }
  return result.finish(Type::kArray);
}

Datum in(Operands a, Evaluation&) {
  for (const bson::Element& member :
       array_or(a[1], 40081, "$in requires an array as a second argument")) {
    if (!a[0].missing() && bson::compare(member.value(), a[0].view()) == 0) return Datum::of(true);
  }
  return Datum::of(false);
}

Datum index_of(Operands a, Evaluation&) {
  if (a[0].nullish()) return Datum::null();
  const bson::View array =
      array_or(a[0], 40090, "$indexOfArray requires an array as a first argument");
  const auto bound = [](const Datum& d) {
    const auto number = d.view().whole_number();
    if (!number) throw Error(40096, "$indexOfArray requires an integral starting and ending index");
    if (*number < 0)
      throw Error(40097, "$indexOfArray requires a nonnegative starting and ending index");
    return *number;
  };
  const std::int64_t start = a.size() > 2 ? bound(a[2]) : 0;
  const std::int64_t end = a.size() > 3 ? bound(a[3]) : INT64_MAX;
  std::int32_t i = 0;
  for (const bson::Element& member : array) {
    if (i >= start && i < end && !a[1].missing() &&
        bson::compare(member.value(), a[1].view()) == 0) {
      return Datum::of(i);
    }
    ++i;
  }
  return Datum::of(-1);
}

Datum is_array(Operands a, Evaluation&) { return Datum::of(a[0].type() == Type::kArray); }

Datum size(Operands a, Evaluation&) {
  return Datum::of(static_cast<std::int32_t>(
      array_or(a[0], 17124, "The argument to $size must be an array").count()));
}

Datum range(Operands a, Evaluation& evaluation) {
  constexpr std::int64_t kMaxMembers = 10'000'000;
  const auto whole = [](const Datum& d, const char* what, std::int32_t not_number,
                        std::int32_t not_int) {
    if (!d.is_number()) {
      throw Error(not_number, std::string("$range requires a numeric ") + what +
                                  ", found value of type: " + type_name(d));
    }
    const auto number = d.view().whole_number();
    if (!number || *number < INT32_MIN || *number > INT32_MAX) {
      throw Error(not_int, std::string("$range requires a ") + what +
                               " that can be represented as a 32-bit integer");
    }
    return *number;
  };
  const std::int64_t start = whole(a[0], "starting value", 34443, 34444);
  const std::int64_t end = whole(a[1], "ending value", 34445, 34446);
  const std::int64_t step = a.size() > 2 ? whole(a[2], "step value", 34447, 34448) : 1;
  if (step == 0) throw Error(34449, "$range requires a non-zero step value");
  if ((end - start) / step > kMaxMembers) {
    throw Error(ErrorCode::kExceededMemoryLimit,
                "$range would have more than " + std::to_string(kMaxMembers) + " members");
  }
  Evaluation::Scratch result(evaluation);
  for (std::int64_t i = start; step > 0 ? i < end : i > end; i += step) {
    result->push(Datum::of(static_cast<std::int32_t>(i)));
  }
  return result.finish(Type::kArray);
}

std::vector<bson::ValueView> members_of(bson::View array) {
  std::vector<bson::ValueView> members;
  for (const bson::Element& member : array) members.push_back(member.value());
  return members;
}
Datum array_of(const std::vector<bson::ValueView>& members, Evaluation& evaluation) {
  Evaluation::Scratch result(evaluation);
  for (const bson::ValueView member : members) result->push(member);
  return result.finish(Type::kArray);
}

Datum reverse(Operands a, Evaluation& evaluation) {
  auto members =
      members_of(array_or(a[0], 34435, "The argument to $reverseArray must be an array"));
  std::reverse(members.begin(), members.end());
  return array_of(members, evaluation);
}

Datum slice(Operands a, Evaluation& evaluation) {
  const bson::View array = array_or(a[0], 28724, "First argument to $slice must be an array");
  const auto whole = [](const Datum& d, const char* which, std::int32_t not_number,
                        std::int32_t not_int) {
    if (!d.is_number()) {
      throw Error(not_number,
                  std::string(which) +
                      " argument to $slice must be numeric, but is of type: " + type_name(d));
    }
    const auto number = d.view().whole_number();
    if (!number || *number < INT32_MIN || *number > INT32_MAX) {
      throw Error(not_int, std::string(which) +
                               " argument to $slice can't be represented as a 32-bit integer");
    }
    return *number;
  };
  const auto total = static_cast<std::int64_t>(array.count());
  std::int64_t from = 0;
  std::int64_t count = whole(a[1], "Second", 28725, 28726);
  if (a.size() == 2) {
    if (count < 0) {
      from = std::max<std::int64_t>(0, total + count);
      count = total - from;
    }
  } else {
    from = count < 0 ? std::max<std::int64_t>(0, total + count) : std::min(count, total);
    count = whole(a[2], "Third", 28727, 28728);
    if (count <= 0) throw Error(28729, "Third argument to $slice must be positive");
  }
  Evaluation::Scratch result(evaluation);
  std::int64_t i = 0;
  for (const bson::Element& member : array) {
    if (i >= from && i - from < count) result->push(member.value());
    ++i;
  }
  return result.finish(Type::kArray);
}

// From [[key, value], …] or [{k: key, v: value}, …]; a key that comes again replaces the value.
Datum to_object(Operands a, Evaluation& evaluation) {
  MergedFields fields;
  const auto add = [&](bson::ValueView key, bson::ValueView value, std::int32_t code) {
    if (!key.is_string()) throw Error(code, "$arrayToObject requires keys to be strings");
    const std::string_view name = key.as_string();
    if (name.find('\0') != name.npos) {
      throw Error(4940400, "Key field cannot contain an embedded null byte");
    }
    fields.set(name, value);
  };
  for (const bson::Element& member :
       array_or(a[0], 40386, "$arrayToObject requires an array input")) {
    if (member.is_array()) {
      const bson::View pair = member.as_array();
      if (pair.count() != 2) {
        throw Error(40397, "$arrayToObject requires an array of size 2 arrays");
      }
      add(pair["0"], pair["1"], 40395);
    } else if (member.is_document()) {
      const bson::View pair = member.as_document();
      if (pair.count() != 2) {
        throw Error(40392, "$arrayToObject requires an object keys of 'k' and 'v'");
      }
      if (!pair.contains("k") || !pair.contains("v")) {
        throw Error(40393, "$arrayToObject requires an object with keys 'k' and 'v'");
      }
      add(pair["k"], pair["v"], 40394);
    } else {
      throw Error(40398, "Unrecognised input type format for $arrayToObject");
    }
  }
  Evaluation::Scratch result(evaluation);
  fields.write(*result);
  return result.finish();
}

Datum to_array(Operands a, Evaluation& evaluation) {
  if (a[0].type() != Type::kDocument) {
    throw Error(40390, "$objectToArray requires a document input, found: " + type_name(a[0]));
  }
  Evaluation::Scratch result(evaluation);
  for (const bson::Element& element : a[0].view().as_document()) {
    result->push_open(Type::kDocument);
    result->append("k", evaluation.string(element.key()));
    result->append("v", element.value());
    result->close();
  }
  return result.finish(Type::kArray);
}

template <bool from_start>
Datum some(Operands a, Evaluation& evaluation) {
  const bson::View array = array_or(a[1], 5788200, "Input must be an array");
  const auto n = a[0].view().whole_number();
  if (!n) throw Error(5787902, "Value for 'n' must be of integral type");
  if (*n <= 0) throw Error(5787908, "'n' must be greater than 0");
  auto members = members_of(array);
  const auto keep = std::min(static_cast<std::size_t>(*n), members.size());
  if (from_start) {
    members.resize(keep);
  } else {
    members.erase(members.begin(), members.end() - static_cast<std::ptrdiff_t>(keep));
  }
  return array_of(members, evaluation);
}
class SortArray : public ExpressionNode {
 public:
  SortArray(ExpressionPtr input, std::optional<SortPattern> pattern, int direction)
      : input_(std::move(input)), pattern_(std::move(pattern)), direction_(direction) {}
  Datum evaluate(Evaluation& evaluation) const override {
    const Datum input = input_->evaluate(evaluation);
    if (input.nullish()) return Datum::null();
    auto members =
        members_of(array_or(input, 2942504, "The input argument to $sortArray must be an array"));
    std::stable_sort(members.begin(), members.end(), [this](bson::ValueView a, bson::ValueView b) {
      if (pattern_) {
        const auto fields = [](bson::ValueView v) {
          return v.is_document() ? v.as_document() : bson::View();
        };
        return pattern_->compare(fields(a), fields(b)) < 0;
      }
      const auto order = bson::compare(a, b);
      return direction_ > 0 ? order < 0 : order > 0;
    });
    return array_of(members, evaluation);
  }

 private:
  ExpressionPtr input_;
  std::optional<SortPattern> pattern_;
  int direction_;
};
ExpressionPtr sort_array(const language::Call& call, ExpressionBuilder& builder) {
  auto input = builder.build(call[0]);
  const bson::ValueView by = call[1].source;
  if (by.is_document()) {
    return std::make_unique<SortArray>(std::move(input), SortPattern::parse(by.as_document()), 0);
  }
  return std::make_unique<SortArray>(std::move(input), std::nullopt, static_cast<int>(by.number()));
}

constexpr FunctionOperator kFunctions[] = {
    {"$arrayElemAt", elem_at, Nulls::kGiveNull},
    {"$first", first, Nulls::kGiveNull},
    {"$last", last, Nulls::kGiveNull},
    {"$concatArrays", concat_arrays, Nulls::kGiveNull},
    {"$in", in},
    {"$indexOfArray", index_of},
    {"$isArray", is_array},
    {"$size", size},
    {"$range", range},
    {"$reverseArray", reverse, Nulls::kGiveNull},
    {"$slice", slice, Nulls::kGiveNull},
    {"$firstN", some<true>},
    {"$lastN", some<false>},
    {"$arrayToObject", to_object, Nulls::kGiveNull},
    {"$objectToArray", to_array, Nulls::kGiveNull},
};
constexpr NodeOperator kNodes[] = {{"$sortArray", sort_array}};

}  // namespace

OperatorFamily array_operators() { return {kFunctions, kNodes}; }

}  // namespace quern::query
