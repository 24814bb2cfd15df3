// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/expression/accumulator.h"

#include <cmath>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text_map.h"
#include "quern/base/error.h"
#include "query/value/arithmetic.h"
#include "query/value/decimal_math.h"
#include "query/value/sum.h"
#include "query/value/value_set.h"

namespace quern::query {

std::size_t HeldDatum::set(const Datum& value) {
  const std::size_t before = bytes_.capacity();
  set_ = true;
  if (Datum::is_inline(value.type())) {
    datum_ = value;
    return 0;
  }
  const BytesView bytes = value.view().bytes();
  bytes_.assign(bytes.begin(), bytes.end());
  datum_ = bson::ValueView(value.type(), bytes_);
  return bytes_.capacity() - std::min(before, bytes_.capacity());
}

namespace {

using bson::Type;

class SumAccumulator : public Accumulator {
 public:
  std::size_t add(const Datum& value) override {
    if (value.is_number()) sum_.add(value);
    return 0;
  }
  Datum result(Evaluation&) const override { return sum_.result(); }

 private:
  Sum sum_;
};

class Average : public Accumulator {
 public:
  std::size_t add(const Datum& value) override {
    if (!value.is_number()) return 0;
    sum_.add(value);
    ++count_;
    return 0;
  }
  Datum result(Evaluation&) const override {
    if (count_ == 0) return Datum::null();
    if (sum_.type() == Type::kDecimal128) {
      return Datum::of(decimal::divide(sum_.as_decimal(), as_decimal(Datum::of(count_))));
    }
    return Datum::of(sum_.as_double() / static_cast<double>(count_));
  }

 private:
  Sum sum_;
  std::int64_t count_ = 0;
};

template <bool greatest>
class Extreme : public Accumulator {
 public:
  std::size_t add(const Datum& value) override {
    if (value.nullish()) return 0;
    if (!best_.empty()) {
      const Datum best = best_.get();
      const auto order = bson::compare(value.view(), best.view());
      if (greatest ? order <= 0 : order >= 0) return 0;
    }
    return best_.set(value);
  }
  Datum result(Evaluation&) const override { return best_.empty() ? Datum::null() : best_.get(); }

 private:
  HeldDatum best_;
};

template <bool first>
class End : public Accumulator {
 public:
  std::size_t add(const Datum& value) override {
    if (first && !held_.empty()) return 0;
    return held_.set(value.missing() ? Datum::null() : value);
  }
  Datum result(Evaluation&) const override { return held_.empty() ? Datum::null() : held_.get(); }

 private:
  HeldDatum held_;
};

class Push : public Accumulator {
 public:
  std::size_t add(const Datum& value) override {
    if (value.missing()) return 0;
    members_.push(value);
    return value.view().bytes().size() + 8;
  }
  Datum result(Evaluation& evaluation) const override {
    Writer copy = members_;
    return bson::ValueView(Type::kArray, evaluation.arena().copy(copy.finish().bytes()));
  }

 private:
  Writer members_;
};

class AddToSet : public Accumulator {
 public:
  std::size_t add(const Datum& value) override {
    if (value.missing() || set_.contains(value.view())) return 0;
    const bson::ValueView view = value.view();
    set_.insert({view.type(), arena_.copy(view.bytes())});
    return view.bytes().size() + 64;
  }
  Datum result(Evaluation& evaluation) const override {
    Evaluation::Scratch members(evaluation);
    for (const bson::ValueView member : set_.values()) members->push(member);
    return members.finish(Type::kArray);
  }

 private:
  Arena arena_;
  ValueSet set_;
};

class Count : public Accumulator {
 public:
  std::size_t add(const Datum&) override {
    ++count_;
    return 0;
  }
  Datum result(Evaluation&) const override { return narrow(count_); }

 private:
  std::int64_t count_ = 0;
};

// Welford's recurrence for the mean and the sum of squared distances from it.
template <bool sample>
class StandardDeviation : public Accumulator {
 public:
  std::size_t add(const Datum& value) override {
    if (!value.is_number()) return 0;
    const double number = value.view().number();
    ++count_;
    const double distance = number - mean_;
    mean_ += distance / static_cast<double>(count_);
    squares_ += distance * (number - mean_);
    return 0;
  }
  Datum result(Evaluation&) const override {
    const std::int64_t divisor = sample ? count_ - 1 : count_;
    if (divisor <= 0) return Datum::null();
    return Datum::of(std::sqrt(squares_ / static_cast<double>(divisor)));
  }

 private:
  std::int64_t count_ = 0;
  double mean_ = 0;
  double squares_ = 0;
};

class MergeObjects : public Accumulator {
 public:
  std::size_t add(const Datum& value) override {
    if (value.nullish()) return 0;
    if (value.type() != Type::kDocument) {
      throw Error(40400, "$mergeObjects requires object inputs, but input is of type " +
                             std::string(bson::alias(value.type())));
    }
    std::size_t more = 0;
    for (const bson::Element& element : value.view().as_document()) {
      auto place = places_.find(element.key());
      if (place == places_.end()) {
        place = places_.emplace(element.key(), fields_.size()).first;
        fields_.push_back({&place->first, {}});
        more += kFieldSize + element.key().size();
      }
      more += fields_[place->second].value.set(element.value());
    }
    return more;
  }
  Datum result(Evaluation& evaluation) const override {
    Evaluation::Scratch merged(evaluation);
    for (const Field& field : fields_) merged->append(*field.name, field.value.get());
    return merged.finish();
  }

 private:
  static constexpr std::size_t kFieldSize = 160;  // about what a field takes beside name and value

  struct Field {
    const std::string* name;  // the key in places_
    HeldDatum value;
  };
  // In the order in which each name first came, with the last value.
  std::vector<Field> fields_;
  TextMap<std::size_t> places_;
};

template <class T>
std::unique_ptr<Accumulator> make() {
  return std::make_unique<T>();
}

struct Row {
  std::string_view name;
  AccumulatorFactory make = nullptr;  // none: refused
};
constexpr Row kAccumulators[] = {
    {"$accumulator"},
    {"$addToSet", make<AddToSet>},
    {"$avg", make<Average>},
    {"$bottom"},
    {"$bottomN"},
    {"$count", make<Count>},
    {"$first", make<End<true>>},
    {"$firstN"},
    {"$last", make<End<false>>},
    {"$lastN"},
    {"$max", make<Extreme<true>>},
    {"$maxN"},
    {"$median"},
    {"$mergeObjects", make<MergeObjects>},
    {"$min", make<Extreme<false>>},
    {"$minN"},
    {"$percentile"},
    {"$push", make<Push>},
    {"$stdDevPop", make<StandardDeviation<false>>},
    {"$stdDevSamp", make<StandardDeviation<true>>},
    {"$sum", make<SumAccumulator>},
    {"$top"},
    {"$topN"},
};
static_assert(language::stand_beside_accumulators(kAccumulators));

}  // namespace

AccumulatorFactory accumulator_factory(const language::ExpressionOperator& op) {
  return kAccumulators[language::accumulator_position(op)].make;
}

}  // namespace quern::query
