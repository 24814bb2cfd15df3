// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/plan/planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <set>

#include "quern/base/error.h"
#include "quern/bson/compare.h"
#include "quern/bson/json.h"
#include "query/plan/index_keys.h"
#include "query/value/random_documents.h"

namespace quern::query {
namespace {

const std::atomic<bool> kMultikey = true;

PlannableIndex index(const char* key) {
  PlannableIndex info;
  info.key = bson::from_json(key);
  info.name = key;
  return info;
}

struct Planned {
  std::vector<PlannableIndex> indexes;
  Plan plan;
  bson::Document explained;
};

Planned planned(const char* filter, std::vector<PlannableIndex> indexes, const char* sort = "{}",
                const char* hint = "{}") {
  Planned result{std::move(indexes), {}, {}};
  const Matcher matcher = Matcher::parse(bson::from_json(filter));
  const SortPattern pattern = SortPattern::parse(bson::from_json(sort));
  result.plan = plan(matcher, &pattern, bson::from_json(hint).view(), result.indexes);
  result.explained = explain(result.plan, matcher, &pattern);
  return result;
}

std::string bounds_text(const Planned& p) {
  bson::View at = p.explained;
  while (at["inputStage"]) at = at["inputStage"].as_document();
  return at.contains("indexBounds") ? bson::to_json(at["indexBounds"].as_document()) : "none";
}
std::string name_of(const Planned& p) { return p.plan.index == nullptr ? "" : p.plan.index->name; }

std::string one_line(std::string json) {
  std::erase(json, ' ');
  return json;
}

TEST(Planner, WithoutAUsefulIndexTheCollectionIsScanned) {
  const Planned p = planned(R"({"a":1})", {index(R"({"b":1})")});
  EXPECT_EQ(p.plan.index, nullptr);
  EXPECT_EQ(p.explained["stage"].as_string(), "COLLSCAN");
}

TEST(Planner, EqualityRangeAndListBecomeIntervals) {
  const auto text = [](const char* filter) {
    return one_line(bounds_text(planned(filter, {index(R"({"a":1})")})));
  };
  EXPECT_EQ(text(R"({"a":5})"), R"({"a":["[5,5]"]})");
  EXPECT_EQ(text(R"({"a":{"$in":[3,1,3]}})"), R"({"a":["[1,1]","[3,3]"]})");
  EXPECT_EQ(text(R"({"a":{"$gt":1,"$lte":5}})"), R"({"a":["(1,5]"]})");
  EXPECT_EQ(text(R"({"a":{"$gt":5,"$lt":1}})"), R"({"a":[]})");
  EXPECT_EQ(text(R"({"a":null})"), R"({"a":["[undefined,null]"]})");
  EXPECT_EQ(text(R"({"a":{"$lt":"m"}})"), R"j({"a":["[\"\",\"m\")"]})j");
  EXPECT_EQ(text(R"({"a":{"$gte":"m"}})"), R"j({"a":["[\"m\",{})"]})j");
  EXPECT_EQ(text(R"({"$or":[{"a":{"$lt":"c"},"b":1},{"a":7}]})"),
            R"j({"a":["[7,7]","[\"\",\"c\")"]})j");
  EXPECT_EQ(text(R"({"$expr":{"$eq":["$a",4]}})"), R"({"a":["[4,4]"]})");
}

TEST(Planner, APatternWithALiteralBeginningIsARange) {
  std::vector<PlannableIndex> indexes{index(R"({"a":1})")};
  const Matcher matcher = Matcher::parse(bson::doc("a", bson::doc("$regex", "^ab\\.c.*d")));
  const Plan p = plan(matcher, nullptr, {}, indexes);
  ASSERT_EQ(p.bounds[0].size(), 2u);
  EXPECT_EQ(p.bounds[0][0].low.view().as_string(), "ab.c");
  EXPECT_EQ(p.bounds[0][0].high.view().as_string(), "ab.d");
  EXPECT_FALSE(p.exact);
}

TEST(Planner, TheIndexWithMoreLeadingPointsWins) {
  const std::vector<PlannableIndex> indexes{index(R"({"a":1})"), index(R"({"a":1,"b":1})"),
                                            index(R"({"b":1})")};
  EXPECT_EQ(name_of(planned(R"({"a":1,"b":2})", indexes)), R"({"a":1,"b":1})");
  EXPECT_EQ(name_of(planned(R"({"a":1})", indexes)), R"({"a":1})");
  EXPECT_EQ(name_of(planned(R"({"a":{"$gt":1},"b":2})", indexes)), R"({"b":1})");
  EXPECT_EQ(name_of(planned(R"({"a":{"$gt":1}})", indexes)), R"({"a":1})");
}

TEST(Planner, AnIndexWhoseFirstPartTheQueryDoesNotNameIsNotWalked) {
  const std::vector<PlannableIndex> indexes{index(R"({"a":1,"b":1})")};
  EXPECT_EQ(planned(R"({"b":5})", indexes).plan.index, nullptr);
  EXPECT_EQ(planned(R"({"b":5})", indexes, R"({"b":1})").plan.index, nullptr);
  EXPECT_NE(planned(R"({"b":5})", indexes, R"({"a":1})").plan.index, nullptr);
  EXPECT_NE(planned(R"({"b":5})", indexes, "{}", R"({"a":1,"b":1})").plan.index, nullptr);
}

TEST(Planner, AUniqueIndexThatIsFullyNamedWins) {
  std::vector<PlannableIndex> indexes{index(R"({"a":1,"b":1})"), index(R"({"_id":1})")};
  indexes[1].unique = true;
  EXPECT_EQ(name_of(planned(R"({"a":1,"b":2,"_id":7})", indexes)), R"({"_id":1})");
}

TEST(Planner, AnIndexCanGiveTheSort) {
  const std::vector<PlannableIndex> indexes{index(R"({"a":1,"b":-1})")};
  EXPECT_TRUE(planned("{}", indexes, R"({"a":1,"b":-1})").plan.provides_sort);
  const Planned backwards = planned("{}", indexes, R"({"a":-1,"b":1})");
  EXPECT_TRUE(backwards.plan.provides_sort);
  EXPECT_TRUE(backwards.plan.reverse);
  EXPECT_FALSE(planned("{}", indexes, R"({"a":1,"b":1})").plan.provides_sort);
  EXPECT_FALSE(planned("{}", indexes, R"({"b":1})").plan.provides_sort);
  EXPECT_TRUE(planned(R"({"a":3})", indexes, R"({"b":1})").plan.provides_sort);
  EXPECT_FALSE(planned(R"({"a":{"$in":[1,2]}})", indexes, R"({"b":1})").plan.provides_sort);
  EXPECT_TRUE(planned(R"({"a":{"$in":[1,2]}})", indexes, R"({"a":1,"b":-1})").plan.provides_sort);
  EXPECT_EQ(planned(R"({"c":1})", indexes, R"({"b":1})").explained["stage"].as_string(), "SORT");
}

TEST(Planner, OnAMultikeyIndexRangesAreNotIntersected) {
  std::vector<PlannableIndex> indexes{index(R"({"a":1})")};
  indexes[0].multikey_flag = &kMultikey;
  EXPECT_EQ(one_line(bounds_text(planned(R"({"a":{"$gt":5,"$lt":3}})", indexes))),
            R"j({"a":["(5,\"\")"]})j");
  EXPECT_EQ(one_line(bounds_text(planned(R"({"a":{"$elemMatch":{"$gt":3,"$lt":5}}})", indexes))),
            R"j({"a":["(3,5)"]})j");
  const Planned p = planned(R"({"a":1})", indexes);
  EXPECT_TRUE(p.explained["inputStage"].as_document()["isMultiKey"].as_bool());
}

TEST(Planner, OfPartsThroughOneArrayOnlyTheFirstIsBounded) {
  // [{x: 1, y: 5}, {x: 9, y: 2}] matches x: 1, y: 2 but has no key (1, 2).
  std::vector<PlannableIndex> indexes{index(R"({"a.x":1,"a.y":1,"b":1})")};
  constexpr const char* kFilter = R"({"a.x":1,"a.y":2,"b":3})";
  EXPECT_EQ(one_line(bounds_text(planned(kFilter, indexes))),
            R"({"a.x":["[1,1]"],"a.y":["[2,2]"],"b":["[3,3]"]})");
  indexes[0].multikey_flag = &kMultikey;
  EXPECT_EQ(one_line(bounds_text(planned(kFilter, indexes))),
            R"({"a.x":["[1,1]"],"a.y":["[MinKey,MaxKey]"],"b":["[3,3]"]})");
}

TEST(Planner, ASortIsNotGivenByAPartWhoseArrayAnotherPartBounds) {
  // Of [{x: 1, y: 5}, {x: 2, y: 0}] the keys with x: 1 hide y: 0, by which it sorts.
  std::vector<PlannableIndex> indexes{index(R"({"a.x":1,"a.y":1})"), index(R"({"b":1,"a.y":1})")};
  EXPECT_TRUE(planned(R"({"a.x":1})", indexes, R"({"a.y":1})").plan.provides_sort);
  for (PlannableIndex& info : indexes) info.multikey_flag = &kMultikey;
  EXPECT_FALSE(planned(R"({"a.x":1})", indexes, R"({"a.y":1})").plan.provides_sort);
  EXPECT_FALSE(planned("{}", indexes, R"({"a.x":1,"a.y":1})").plan.provides_sort);
  EXPECT_TRUE(planned(R"({"b":1})", indexes, R"({"a.y":1})").plan.provides_sort);
}

TEST(Planner, SparseAndPartialIndexesAnswerOnlyWhatTheyHold) {
  std::vector<PlannableIndex> sparse{index(R"({"a":1})")};
  sparse[0].sparse = true;
  EXPECT_NE(planned(R"({"a":5})", sparse).plan.index, nullptr);
  EXPECT_NE(planned(R"({"a":{"$exists":true}})", sparse, R"({"a":1})").plan.index, nullptr);
  EXPECT_EQ(planned(R"({"a":null})", sparse).plan.index, nullptr);
  EXPECT_EQ(planned("{}", sparse, R"({"a":1})").plan.index, nullptr);

  std::vector<PlannableIndex> partial{index(R"({"a":1})")};
  partial[0].partial = Matcher::parse(bson::from_json(R"({"n":{"$gt":5}})"));
  EXPECT_NE(planned(R"({"a":1,"n":{"$gt":7}})", partial).plan.index, nullptr);
  EXPECT_NE(planned(R"({"a":1,"n":6})", partial).plan.index, nullptr);
  EXPECT_EQ(planned(R"({"a":1,"n":{"$gt":3}})", partial).plan.index, nullptr);
  EXPECT_EQ(planned(R"({"a":1})", partial).plan.index, nullptr);
  partial[0].partial = Matcher::parse(bson::from_json(R"({"a":{"$exists":true}})"));
  EXPECT_NE(planned(R"({"a":1})", partial).plan.index, nullptr);
  EXPECT_EQ(planned(R"({"a":null})", partial).plan.index, nullptr);
  // One value implies its type, unless values of other types are equal to it.
  bson::Builder types;  // $type is something else in Extended JSON
  types.open_document("a").open_array("$type").push("bool").push("int").push("string");
  types.close().close();
  partial[0].partial = Matcher::parse(types.finish());
  EXPECT_NE(planned(R"({"a":true})", partial).plan.index, nullptr);
  EXPECT_NE(planned(R"({"a":{"$in":[true]}})", partial).plan.index, nullptr);
  EXPECT_EQ(planned(R"({"a":{"$in":[true,false]}})", partial).plan.index, nullptr);
  EXPECT_EQ(planned(R"({"a":{"$gte":true}})", partial).plan.index, nullptr);
  EXPECT_EQ(planned(R"({"a":5})", partial).plan.index, nullptr);
  EXPECT_EQ(planned(R"({"a":"x"})", partial).plan.index, nullptr) << "a symbol may equal it";
  EXPECT_EQ(planned(R"({"a":null})", partial).plan.index, nullptr);
  EXPECT_EQ(planned(R"({"a":{"$oid":"000000000000000000000000"}})", partial).plan.index, nullptr);
  const bson::Document texts = bson::doc("a", bson::doc("$type", bson::array("string", "symbol")));
  partial[0].partial = Matcher::parse(texts);
  EXPECT_NE(planned(R"({"a":"x"})", partial).plan.index, nullptr);
  EXPECT_EQ(planned(R"({"a":5})", partial).plan.index, nullptr);
  bson::Builder numbers;
  numbers.append("a", bson::doc("$type", "number"));
  partial[0].partial = Matcher::parse(numbers.finish());
  EXPECT_NE(planned(R"({"a":5})", partial).plan.index, nullptr);
  EXPECT_NE(planned(R"({"a":5.5})", partial).plan.index, nullptr);
}

TEST(Planner, AHintDecides) {
  const std::vector<PlannableIndex> indexes{index(R"({"a":1})"), index(R"({"b":1})")};
  EXPECT_EQ(name_of(planned(R"({"a":1})", indexes, "{}", R"({"b":1})")), R"({"b":1})");
  EXPECT_EQ(planned(R"({"a":1})", indexes, "{}", R"({"$natural":-1})").plan.index, nullptr);
  EXPECT_TRUE(planned(R"({"a":1})", indexes, "{}", R"({"$natural":-1})").plan.reverse);
  EXPECT_THROW(planned(R"({"a":1})", indexes, "{}", R"({"z":1})"), Error);
}

TEST(Planner, AFilterThatNothingCanMatchReadsNothing) {
  EXPECT_TRUE(planned(R"({"a":{"$in":[]}})", {}).plan.empty);
  EXPECT_TRUE(planned(R"({"$alwaysFalse":1})", {}).plan.empty);
  EXPECT_EQ(planned(R"({"a":{"$in":[]}})", {}).explained["stage"].as_string(), "EOF");
}

TEST(Planner, ManyTagsBecomeAsManyPoints) {
  bson::Builder filter;
  filter.open_document("__safeContent__").open_array("$in");
  for (int i = 0; i < 20000; ++i) {
    std::uint8_t tag[32] = {};
    store_le(tag, i);
    filter.push(bson::Binary{bson::BinarySubtype::kGeneric, tag});
  }
  filter.close().close();
  std::vector<PlannableIndex> indexes{index(R"({"__safeContent__":1})")};
  indexes[0].multikey_flag = &kMultikey;
  const Plan p = plan(Matcher::parse(filter.finish()), nullptr, {}, indexes);
  EXPECT_EQ(p.ranges.size(), 20000u);
  EXPECT_TRUE(p.bounds[0][0].is_point());
}

// An index as a sorted list, scanned by the ranges of a plan.
class SimulatedIndex {
 public:
  SimulatedIndex(PlannableIndex& info, const std::vector<bson::Document>& documents) : info_(info) {
    const IndexKeyPattern pattern(info.key);
    for (const bson::Element& part : info.key) descending_.push_back(part.number() < 0);
    for (std::size_t i = 0; i < documents.size(); ++i) {
      if (info.partial && !info.partial->matches(documents[i])) continue;
      const std::size_t first = entries_.size();
      const auto outcome = pattern.keys(documents[i], [&](std::span<const bson::ValueView> key) {
        entries_.push_back({{}, i});
        for (const bson::ValueView v : key) entries_.back().key.emplace_back(v);
      });
      if (outcome.multikey) info.multikey_flag = &kMultikey;
      if (info.sparse && outcome.all_missing) entries_.resize(first);
    }
    std::stable_sort(entries_.begin(), entries_.end(), [this](const Entry& x, const Entry& y) {
      return order(x.key, y.key, x.key.size()) < 0;
    });
  }

  // Positions of documents in scan order, each once.
  std::vector<std::size_t> scan(const Plan& p) const {
    std::vector<std::size_t> found;
    std::set<std::size_t> seen;
    for (const IndexRange& range : p.ranges) {
      std::vector<std::size_t> stretch;
      for (const Entry& entry : entries_) {
        const auto low = order(entry.key, range.first, range.first.size());
        const auto high = order(entry.key, range.last, range.last.size());
        if (low < 0 || (low == 0 && !range.first_inclusive)) continue;
        if (high > 0 || (high == 0 && !range.last_inclusive)) continue;
        stretch.push_back(entry.document);
      }
      if (p.reverse) std::reverse(stretch.begin(), stretch.end());
      for (const std::size_t document : stretch) {
        if (seen.insert(document).second) {
          found.push_back(document);
        } else {
          EXPECT_TRUE(info_.multikey());
        }
      }
    }
    return found;
  }

 private:
  struct Entry {
    std::vector<bson::Value> key;
    std::size_t document;
  };
  std::weak_ordering order(const std::vector<bson::Value>& a, const std::vector<bson::Value>& b,
                           std::size_t parts) const {
    for (std::size_t i = 0; i < parts; ++i) {
      const auto result = bson::compare(a[i].view(), b[i].view());
      if (result != 0) return descending_[i] ? 0 <=> result : result;
    }
    return std::weak_ordering::equivalent;
  }

  PlannableIndex& info_;
  std::vector<bool> descending_;
  std::vector<Entry> entries_;
};

TEST(Planner, APartialIndexOnTypesMissesNothingThatIsEqual) {
  const bson::Value values[] = {
      bson::Value::of("x"),
      bson::Value::of(bson::Symbol{"x"}),
      bson::Value::of(std::int32_t{5}),
      bson::Value::of(std::int64_t{5}),
      bson::Value::of(5.0),
      bson::Value::of(bson::Decimal128::parse("5.0")),
      bson::Value::of(true),
      bson::Value::of(bson::Null{}),
      bson::Value::of(bson::Date{5}),
      bson::array("x", 5),
      bson::array(bson::Symbol{"x"}, std::int64_t{5}),
  };
  const bson::Value types[] = {
      bson::Value::of("string"),       bson::Value::of("symbol"),
      bson::array("string", "symbol"), bson::Value::of("int"),
      bson::Value::of("number"),       bson::array("int", "long", "double", "decimal", "bool"),
      bson::Value::of("bool"),         bson::Value::of("date"),
      bson::Value::of("null"),
  };
  std::vector<bson::Document> documents{bson::doc("b", 1)};
  for (const bson::Value& value : values) documents.push_back(bson::doc("a", value));
  int used = 0;
  for (const bson::Value& type : types) {
    PlannableIndex info = index(R"({"a":1})");
    const bson::Document condition = bson::doc("a", bson::doc("$type", type));
    info.partial = Matcher::parse(condition);
    SimulatedIndex simulated(info, documents);
    for (const bson::Value& value : values) {
      for (const bson::Document& filter :
           {bson::doc("a", value), bson::doc("a", bson::doc("$in", bson::array(value)))}) {
        const Matcher matcher = Matcher::parse(filter);
        const Plan p = plan(matcher, nullptr, {}, {&info, 1});
        if (p.index == nullptr) continue;
        ++used;
        std::vector<std::size_t> expected;
        for (std::size_t i = 0; i < documents.size(); ++i) {
          if (matcher.matches(documents[i])) expected.push_back(i);
        }
        std::vector<std::size_t> found;
        for (const std::size_t i : simulated.scan(p)) {
          if (matcher.matches(documents[i])) found.push_back(i);
        }
        std::sort(found.begin(), found.end());
        found.erase(std::unique(found.begin(), found.end()), found.end());
        EXPECT_EQ(found, expected) << bson::to_json(filter) << " by " << bson::to_json(condition);
      }
    }
  }
  EXPECT_GE(used, 20);
}

TEST(PlannerProperty, WhatTheRangesFindIsWhatTheScanFinds) {
  RandomDocuments random(4711);
  constexpr const char* kKeys[] = {R"({"a":1})",   R"({"a":-1,"b":1})",    R"({"b":1,"a":1})",
                                   R"({"a.x":1})", R"({"a.x":1,"a.y":1})", R"({"a.x":1,"b":-1})",
                                   R"({"c":1})",   R"({"a.0":1})",         R"({"a.x.y":1})"};
  constexpr const char* kSorts[] = {"{}",           R"({"a":1})",           R"({"a":-1,"b":1})",
                                    R"({"b":1})",   R"({"a.x":-1})",        R"({"a":1,"b":-1})",
                                    R"({"a.y":1})", R"({"a.x":1,"a.y":1})", R"({"a.y":-1})"};
  int used = 0;
  int sorted_by_index = 0;
  int exact = 0;
  for (int round = 0; round < 3000; ++round) {
    const bool plain = random.below(3) == 0;  // without arrays: no index is multikey
    const bool members = random.below(3) == 0;
    std::vector<bson::Document> documents;
    for (int i = 0; i < 25; ++i) {
      if (!plain) {
        documents.push_back(members ? random.document_with_members(i) : random.document(i));
        continue;
      }
      bson::Builder out;
      out.append("_id", i);
      for (const char* name : {"b", "c"}) {
        if (random.below(4) != 0) out.append(name, random.scalar());
      }
      if (random.below(2) == 0) {
        out.append("a", random.scalar());
      } else {
        out.append("a", bson::doc("x", random.scalar(), "y", random.scalar()));
      }
      documents.push_back(out.finish());
    }
    PlannableIndex info = index(kKeys[random.below(9)]);
    info.sparse = random.below(4) == 0;
    if (random.below(4) == 0) {
      info.partial =
          Matcher::parse(random.below(2) == 0 ? bson::doc("b", bson::doc("$gte", 1))
                                              : bson::doc("a", bson::doc("$exists", true)));
    }
    std::optional<SimulatedIndex> simulated;
    try {
      simulated.emplace(info, documents);
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), 171);  // parallel arrays
      continue;
    }
    for (int query = 0; query < 6; ++query) {
      const bson::Document filter = random.below(4) == 0
                                        ? bson::doc(info.key.view().front().key(), random.scalar())
                                        : random.filter();
      const Matcher matcher = Matcher::parse(filter);
      const SortPattern sort = SortPattern::parse(bson::from_json(kSorts[random.below(9)]));
      const Plan p = plan(matcher, &sort, {}, {&info, 1});
      std::vector<std::size_t> expected;
      for (std::size_t i = 0; i < documents.size(); ++i) {
        if (matcher.matches(documents[i])) expected.push_back(i);
      }
      const std::string context = bson::to_json(filter) + " by " + info.name + " " +
                                  bounds_text({{}, p, explain(p, matcher, &sort)});
      if (p.empty) {
        ASSERT_TRUE(expected.empty()) << context;
        continue;
      }
      if (p.index == nullptr) continue;
      ++used;
      std::vector<std::size_t> found;
      for (const std::size_t i : simulated->scan(p)) {
        const bool matches = matcher.matches(documents[i]);
        ASSERT_TRUE(matches || !p.exact) << context << " " << bson::to_json(documents[i]);
        if (matches) found.push_back(i);
      }
      exact += p.exact ? 1 : 0;
      if (p.provides_sort && !sort.empty()) {
        ++sorted_by_index;
        for (std::size_t i = 1; i < found.size(); ++i) {
          ASSERT_TRUE(sort.compare(documents[found[i - 1]], documents[found[i]]) <= 0)
              << context << " " << bson::to_json(documents[found[i - 1]]) << " before "
              << bson::to_json(documents[found[i]]);
        }
      }
      std::sort(found.begin(), found.end());
      ASSERT_EQ(found, expected) << context;
    }
  }
  EXPECT_GT(used, 1500);  // the test exercises what it is about
  EXPECT_GT(sorted_by_index, 300);
  EXPECT_GT(exact, 50);
}

}  // namespace
}  // namespace quern::query
