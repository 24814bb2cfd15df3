// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Random operations on the engine and on a plain map in memory, with indexes of all kinds coming
// and going: storage, index maintenance and planning must never change an answer. The filters and
// updates themselves are evaluated by the same code on both sides; the query layer tests those.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "engine/testing.h"
#include "quern/bson/compare.h"
#include "quern/bson/json.h"
#include "query/match.h"
#include "query/sort.h"
#include "query/update.h"

namespace quern::engine {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kOperations = 5'000;
#else
constexpr int kOperations = 100'000;
#endif
constexpr int kIds = 80;

class RandomOperations {
 public:
  explicit RandomOperations(unsigned seed) : random_(seed) { engine_.run(R"({"create": "c"})"); }

  void run(int operations) {
    for (int i = 0; i < operations && !::testing::Test::HasFailure(); ++i) {
      const int kind = below(100);
      if (kind < 30) {
        insert();
      } else if (kind < 50) {
        update();
      } else if (kind < 58) {
        remove();
      } else if (kind < 99) {
        find();
      } else {
        change_index();
      }
    }
    check_everything();
    // The test means something only if there was something to find.
    EXPECT_GT(found_, operations);
    EXPECT_GT(indexes_built_, operations / 1000);
  }

 private:
  int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }
  bool chance(int percent) { return below(100) < percent; }

  // A small domain, so that values meet across types.
  std::string scalar() {
    switch (below(8)) {
      case 0:
        return "null";
      case 1:
        return '"' + std::string(1, static_cast<char>('a' + below(4))) + '"';
      case 2:
        return std::to_string(below(8)) + ".5";
      case 3:
        return "true";
      case 4:
        return R"({"$numberDecimal": ")" + std::to_string(below(8)) + R"("})";
      default:
        return std::to_string(below(8));
    }
  }
  std::string value() {
    switch (below(6)) {
      case 0: {
        std::string list;
        for (int n = below(4); n > 0; --n) list += (list.empty() ? "" : ", ") + scalar();
        return "[" + list + "]";
      }
      case 1:
        return R"({"x": )" + scalar() + "}";
      case 2:
        return R"([{"x": )" + scalar() + R"(}, {"x": )" + scalar() + "}]";
      default:
        return scalar();
    }
  }
  std::string members() {
    std::string text;
    for (const char* name : {"a", "b"}) {
      if (chance(80)) text += R"(, ")" + std::string(name) + R"(": )" + value();
    }
    if (chance(50)) text += R"(, "s": )" + std::to_string(below(50));
    if (chance(30)) text += R"(, "u": )" + std::to_string(below(2000));
    return text;
  }

  std::string path() {
    static constexpr const char* kPaths[] = {"a", "b", "a.x", "b.x", "s", "u", "_id"};
    return kPaths[below(7)];
  }
  std::string condition() {
    const std::string name = R"(")" + path() + R"(": )";
    switch (below(9)) {
      case 0:
        return name + R"({"$gt": )" + scalar() + "}";
      case 1:
        return name + R"({"$lte": )" + scalar() + "}";
      case 2:
        return name + R"({"$gte": )" + std::to_string(below(8)) + R"(, "$lt": )" +
               std::to_string(below(10)) + "}";
      case 3:
        return name + R"({"$in": [)" + scalar() + ", " + scalar() + ", " + scalar() + "]}";
      case 4:
        return name + R"({"$ne": )" + scalar() + "}";
      case 5:
        return name + R"({"$exists": )" + (chance(50) ? "true" : "false") + "}";
      case 6:
        return name + R"({"$elemMatch": {"$gte": )" + std::to_string(below(8)) + "}}";
      default:
        return name + (chance(20) ? value() : scalar());
    }
  }
  std::string filter() {
    if (chance(5)) return "{}";
    const std::string one = "{" + condition() + "}";
    if (chance(40)) return one;
    const std::string two = "{" + condition() + "}";
    return R"({")" +
           std::string(chance(60)   ? "$and"
                       : chance(70) ? "$or"
                                    : "$nor") +
           R"(": [)" + one + ", " + two + "]}";
  }
  std::string operators() {
    switch (below(5)) {
      case 0:
        return R"({"$set": {"a": )" + value() + "}}";
      case 1:
        return R"({"$unset": {"b": ""}})";
      case 2:
        return R"({"$set": {"s": )" + std::to_string(below(50)) + R"(, "b": )" + value() + "}}";
      case 3:
        return R"({"$set": {"u": )" + std::to_string(below(2000)) + "}}";
      default:
        return R"({"$max": {"s": )" + std::to_string(below(50)) + "}}";
    }
  }

  // Would this document break the unique index on u, beside all others?
  bool clashes(int id, bson::View document) const {
    if (!unique_) return false;
    const bson::Element u = document["u"];
    if (u.missing()) return false;  // the index is sparse
    for (const auto& [other, each] : oracle_) {
      if (other != id && each["u"] && bson::compare(each["u"].value(), u.value()) == 0) return true;
    }
    return false;
  }
  // And the compound index on a and b?
  bool parallel_arrays(bson::View document) const {
    if (!compound_) return false;
    return document["a"].is_array() && document["b"].is_array();
  }

  void insert() {
    const int id = below(kIds);
    const std::string text = R"({"_id": )" + std::to_string(id) + members() + "}";
    bson::Document document = bson::from_json(text);
    const int code = engine_.code_of(R"({"insert": "c", "documents": [)" + text + "]}");
    int wanted = 0;
    if (oracle_.contains(id)) {
      wanted = 11000;
    } else if (parallel_arrays(document)) {
      wanted = clashes(id, document) ? code : 171;  // whichever index comes first
    } else if (clashes(id, document)) {
      wanted = 11000;
    }
    ASSERT_EQ(code, wanted) << text;
    if (code == 0) oracle_[id] = std::move(document);
  }

  void update() {
    const bool multi = chance(30);
    const std::string chosen =
        chance(40) ? R"({"_id": )" + std::to_string(below(kIds)) + "}" : filter();
    const std::string change = operators();
    const bson::Document filter_document = bson::from_json(chosen);
    const bson::Document change_document = bson::from_json(change);
    const auto matcher = query::Matcher::parse(filter_document);
    const auto update = query::Update::parse(bson::Value(change_document.view().as_value()).view());
    const bson::Document reply =
        engine_.run_raw(R"({"update": "c", "updates": [{"q": )" + chosen + R"(, "u": )" + change +
                        R"(, "multi": )" + (multi ? "true" : "false") + "}]}");
    // The engine may have stopped at a document that breaks an index: what it changed is taken over
    // after a look at the rules.
    int matched = 0;
    int changed = 0;
    bool refused = false;
    for (auto& [id, document] : oracle_) {
      if (!matcher.matches(document)) continue;
      auto outcome = update.apply(document, matcher);
      if (!multi) {
        const bson::Document stored = one(id);
        if (stored == outcome.document && outcome.modified) {
          ++changed;
          ASSERT_FALSE(clashes(id, stored) || parallel_arrays(stored)) << change;
          document = stored;
        }
        refused = refused || clashes(id, outcome.document) || parallel_arrays(outcome.document);
        ++matched;
        continue;
      }
      if (refused) continue;
      if (clashes(id, outcome.document) || parallel_arrays(outcome.document)) {
        refused = true;
        continue;
      }
      ++matched;
      changed += outcome.modified ? 1 : 0;
      document = std::move(outcome.document);
    }
    const bool failed = reply.view().contains("writeErrors");
    if (failed) {
      ASSERT_TRUE(refused) << bson::to_json(reply);
      if (multi) resynchronise();
      return;
    }
    if (multi) {
      ASSERT_FALSE(refused) << chosen << change;
      ASSERT_EQ(reply["n"].as_int32(), matched) << chosen << change;
      ASSERT_EQ(reply["nModified"].as_int32(), changed) << chosen << change;
    } else {
      ASSERT_EQ(reply["n"].as_int32(), matched > 0 ? 1 : 0) << chosen;
      ASSERT_LE(changed, 1) << chosen << change;
    }
  }

  void remove() {
    const bool multi = chance(10);
    const std::string chosen =
        multi || chance(50) ? filter() : R"({"_id": )" + std::to_string(below(kIds)) + "}";
    const bson::Document filter_document = bson::from_json(chosen);
    const auto matcher = query::Matcher::parse(filter_document);
    const bson::Document reply = engine_.run(R"({"delete": "c", "deletes": [{"q": )" + chosen +
                                             R"(, "limit": )" + (multi ? "0" : "1") + "}]}");
    int deleted = 0;
    for (auto at = oracle_.begin(); at != oracle_.end();) {
      const bool gone = matcher.matches(at->second) && (multi || one(at->first).empty());
      deleted += gone ? 1 : 0;
      at = gone ? oracle_.erase(at) : std::next(at);
    }
    ASSERT_EQ(reply["n"].as_int32(), deleted) << chosen;
  }

  void find() {
    const std::string chosen = filter();
    const bson::Document filter_document = bson::from_json(chosen);
    const auto matcher = query::Matcher::parse(filter_document);
    const bool by_key = chance(40);
    const std::string sort =
        by_key ? R"({")" + path() + R"(": )" + (chance(50) ? "1" : "-1") + "}" : R"({"_id": 1})";
    auto found = engine_.find("c", chosen, R"(, "sort": )" + sort + R"(, "batchSize": 50)");
    std::map<int, bson::Document> expected;
    for (const auto& [id, document] : oracle_) {
      if (matcher.matches(document)) expected[id] = document;
    }
    const bson::Document sort_document = bson::from_json(sort);
    const auto pattern = query::SortPattern::parse(sort_document);
    for (std::size_t i = 1; i < found.size(); ++i) {
      ASSERT_TRUE(pattern.compare(found[i - 1], found[i]) <= 0) << chosen << sort;
    }
    ASSERT_EQ(found.size(), expected.size()) << chosen;
    for (const bson::Document& document : found) {
      ASSERT_EQ(document, expected[document["_id"].as_int32()]) << chosen;
    }
    found_ += static_cast<std::int64_t>(found.size());
    if (chance(20)) {
      const bson::Document count = engine_.run(R"({"count": "c", "query": )" + chosen + "}");
      ASSERT_EQ(count["n"].as_int32(), static_cast<int>(expected.size())) << chosen;
    }
  }

  void change_index() {
    struct Choice {
      const char* name;
      const char* spec;
    };
    static constexpr Choice kChoices[] = {
        {"a", R"({"name": "a", "key": {"a": 1}})"},
        {"b", R"({"name": "b", "key": {"b": -1}, "sparse": true})"},
        {"ax", R"({"name": "ax", "key": {"a.x": 1, "s": -1}})"},
        {"sb", R"({"name": "sb", "key": {"s": 1, "b.x": 1}})"},
        {"part",
         R"({"name": "part", "key": {"s": -1}, "partialFilterExpression": {"a": {"$gt": 3}}})"},
        {"ab", R"({"name": "ab", "key": {"a": 1, "b": -1}})"},
        {"u", R"({"name": "u", "key": {"u": 1}, "unique": true, "sparse": true})"},
    };
    const Choice& choice = kChoices[below(7)];
    if (engine_.code_of(R"({"dropIndexes": "c", "index": ")" + std::string(choice.name) +
                        R"("})") == 0) {
      note(choice.name, false);
      return;
    }
    const int code =
        engine_.code_of(R"({"createIndexes": "c", "indexes": [)" + std::string(choice.spec) + "]}");
    ASSERT_TRUE(code == 0 || code == 11000 || code == 171) << choice.name << code;
    if (code == 0) {
      note(choice.name, true);
      ++indexes_built_;
    }
    check_everything();
  }
  void note(std::string_view name, bool present) {
    if (name == "u") unique_ = present;
    if (name == "ab") compound_ = present;
  }

  bson::Document one(int id) {
    auto found = engine_.find("c", R"({"_id": )" + std::to_string(id) + "}");
    return found.empty() ? bson::Document() : std::move(found.front());
  }
  void resynchronise() {
    oracle_.clear();
    for (bson::Document& document : engine_.find("c")) {
      const int id = document["_id"].as_int32();
      oracle_[id] = std::move(document);
    }
  }
  void check_everything() {
    const auto all = engine_.find("c");
    ASSERT_EQ(all.size(), oracle_.size());
    auto at = oracle_.begin();
    for (const bson::Document& document : all) {
      ASSERT_EQ(document, at->second);
      ++at;
    }
  }

  TestEngine engine_;
  std::mt19937 random_;
  std::map<int, bson::Document> oracle_;
  bool unique_ = false;
  bool compound_ = false;
  std::int64_t found_ = 0;
  int indexes_built_ = 0;
};

TEST(RandomOperations, GiveTheAnswersOfAMapInMemory) { RandomOperations(7).run(kOperations); }

}  // namespace
}  // namespace quern::engine
