// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Random operations on the engine and on a plain map in memory, in transactions and outside, with
// indexes of all kinds coming and going and the database opened again: storage, index maintenance
// and planning must never change an answer. The filters and updates themselves are evaluated by the
// same code on both sides; the query layer tests those.
//
// After each write the whole collection is compared: what the command says that it did must be what
// happened, and nothing else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "engine/catalog/consistency.h"
#include "engine/testing.h"
#include "quern/base/error.h"
#include "quern/bson/compare.h"
#include "quern/bson/json.h"
#include "query/match/match.h"
#include "query/update/update.h"
#include "query/value/sort.h"

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
  explicit RandomOperations(unsigned seed) : random_(seed) {
    open();
    engine_->run(R"({"create": "c"})");
  }

  void run(int operations) {
    for (int i = 0; i < operations && !::testing::Test::HasFailure(); ++i) {
      SCOPED_TRACE(i);
      const int kind = below(1000);
      if (kind < 300) {
        insert();
      } else if (kind < 450) {
        update();
      } else if (kind < 500) {
        find_and_modify();
      } else if (kind < 570) {
        remove();
      } else if (kind < 950) {
        find();
      } else if (kind < 990) {
        begin_or_end_transaction();
      } else if (kind < 999) {
        change_index();
      } else {
        open();
      }
    }
    if (session_) end_transaction(true);
    check_everything();
    // The test means something only if there was something to find, to change and to refuse.
    EXPECT_GT(found_, operations);
    EXPECT_GT(indexes_built_, operations / 1000);
    EXPECT_GT(changed_, operations / 20);
    EXPECT_GT(refused_, operations / 200);
    EXPECT_GT(upserted_, operations / 200);
    EXPECT_GT(committed_, operations / 1000);
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
    if (chance(50)) text += R"(, "x": )" + pairs();
    if (chance(50)) text += R"(, "s": )" + std::to_string(below(50));
    if (chance(30)) text += R"(, "u": )" + std::to_string(below(2000));
    return text;
  }
  // Documents of an array, or one alone, of which two members are parts of one index.
  std::string pairs() {
    const auto pair = [this] { return R"({"a": )" + scalar() + R"(, "b": )" + scalar() + "}"; };
    return chance(30) ? pair() : "[" + pair() + ", " + pair() + "]";
  }

  std::string path() {
    static constexpr const char* kPaths[] = {"a", "b", "a.x", "b.x", "x.a", "x.b", "s", "u", "_id"};
    return kPaths[below(9)];
  }
  std::string sort() {
    const auto part = [this](const std::string& path) {
      return R"(")" + path + R"(": )" + (chance(50) ? "1" : "-1");
    };
    const std::string first = path();
    const std::string second = path();
    return "{" + part(first) + (first != second && chance(50) ? ", " + part(second) : "") + "}";
  }
  std::string condition() { return condition_on(path()); }
  std::string condition_on(const std::string& path) {
    const std::string name = R"(")" + path + R"(": )";
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
    switch (below(6)) {
      case 0:
        return R"({"$set": {"a": )" + value() + "}}";
      case 5:
        return R"({"$set": {"x": )" + pairs() + "}}";
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

  // --- what the indexes forbid
  // Would this document break the unique index on u, beside all others?
  bool clashes(int id, bson::View document) const {
    if (!unique_) return false;
    const bson::Element u = document["u"];
    if (u.missing()) return false;  // the index is sparse
    for (const auto& [other, each] : oracle_) {
      if (other != id && same_u(each, document)) return true;
    }
    return false;
  }
  static bool same_u(bson::View a, bson::View b) {
    return a["u"] && b["u"] && bson::compare(a["u"].value(), b["u"].value()) == 0;
  }
  // And the compound index on a and b?
  bool parallel_arrays(bson::View document) const { return compound_ && both_arrays(document); }
  static bool both_arrays(bson::View document) {
    return document["a"].is_array() && document["b"].is_array();
  }
  bool forbidden(int id, bson::View document) const {
    return clashes(id, document) || parallel_arrays(document);
  }
  // The code that an insert must report; which of two is for whichever index comes first.
  bool is_code_of_insert(int code, int id, bson::View document) const {
    if (oracle_.contains(id)) return code == 11000;
    const bool clash = clashes(id, document);
    const bool parallel = parallel_arrays(document);
    if (!clash && !parallel) return code == 0;
    return (clash && code == 11000) || (parallel && code == 171);
  }

  // --- running commands
  void open() {
    if (session_) oracle_ = std::move(before_transaction_);
    session_.reset();
    engine_.reset();
    engine_ = std::make_unique<TestEngine>(directory_.path());
    check_everything();
  }
  bson::Document run_raw(std::string_view json) {
    return session_ ? session_->run_raw(json) : engine_->run_raw(json);
  }
  std::vector<bson::Document> read(const std::string& query) {
    std::vector<bson::Document> documents;
    bson::Document reply = run_raw(query);
    for (;;) {
      if (!reply["ok"].truthy()) {
        ADD_FAILURE() << query << bson::to_json(reply);
        return documents;
      }
      const bson::View cursor = reply["cursor"].as_document();
      const bson::Element first = cursor["firstBatch"];
      for (const bson::Element& each : (first ? first : cursor["nextBatch"]).as_array()) {
        documents.emplace_back(each.as_document());
      }
      const std::int64_t id = cursor["id"].as_int64();
      if (id == 0) return documents;
      reply = run_raw(R"({"getMore": {"$numberLong": ")" + std::to_string(id) +
                      R"("}, "collection": "c"})");
    }
  }
  using Documents = std::map<int, bson::Document>;
  Documents stored() {
    Documents result;
    for (bson::Document& document : read(R"({"find": "c"})")) {
      const int id = document["_id"].as_int32();
      result[id] = std::move(document);
    }
    return result;
  }
  // The documents in which the two differ; empty if they don't.
  static std::string difference(const Documents& found, const Documents& wanted) {
    std::string text;
    for (int id = 0; id < kIds; ++id) {
      const auto a = found.find(id);
      const auto b = wanted.find(id);
      if (a != found.end() && b != wanted.end() && a->second == b->second) continue;
      if (a != found.end()) text += "found " + bson::to_json(a->second) + " ";
      if (b != wanted.end()) text += "instead of " + bson::to_json(b->second) + "\n";
    }
    return text;
  }
  // The command's error, or that of its one statement; 0: none.
  static int code_of(bson::View reply) {
    if (!reply["ok"].truthy()) return reply["code"].as_int32();
    const bson::Element errors = reply["writeErrors"];
    return errors ? errors.as_array().front().as_document()["code"].as_int32() : 0;
  }
  // After a command that failed: nothing happened. Its transaction is over.
  void check_nothing_happened(const std::string& command) {
    ++refused_;
    if (session_) {
      ASSERT_EQ(session_->commit()["code"].as_int32(), 251) << command;
      session_.reset();
      oracle_ = std::move(before_transaction_);
    }
    ASSERT_EQ(difference(stored(), oracle_), "") << command;
  }

  void insert() {
    const int id = below(kIds);
    const std::string text = R"({"_id": )" + std::to_string(id) + members() + "}";
    bson::Document document = bson::from_json(text);
    const int code = code_of(run_raw(R"({"insert": "c", "documents": [)" + text + "]}"));
    ASSERT_TRUE(is_code_of_insert(code, id, document)) << code << text;
    if (code != 0) return check_nothing_happened(text);
    oracle_[id] = std::move(document);
  }

  // --- updates
  struct Change {
    std::string filter;
    std::string update;
    bson::Document filter_document;
    bson::Document update_document;
    query::Matcher matcher;
    query::Update parsed;
    std::map<int, query::Update::Outcome> wanted;  // of each document that matches
  };
  // An upsert's filter names the _id, so that the id is one of ours.
  Change make_change(bool upsert) {
    const std::string id = R"({"_id": )" + std::to_string(below(kIds)) + "}";
    std::string filter;
    if (upsert && chance(50)) {
      static constexpr const char* kOthers[] = {"a", "b", "x.a"};  // s stays a number
      filter = R"({"$and": [)" + id + ", {" + condition_on(kOthers[below(3)]) + "}]}";
    } else {
      filter = upsert || chance(40) ? id : this->filter();
    }
    std::string update = operators();
    bson::Document filter_document = bson::from_json(filter);
    bson::Document update_document = bson::from_json(update);
    query::Matcher matcher = query::Matcher::parse(filter_document);
    query::Update parsed = query::Update::parse(update_document.view().as_value());
    Change change{std::move(filter),
                  std::move(update),
                  std::move(filter_document),
                  std::move(update_document),
                  std::move(matcher),
                  std::move(parsed),
                  {}};
    for (const auto& [each, document] : oracle_) {
      if (change.matcher.matches(document)) {
        change.wanted.emplace(each, change.parsed.apply(document, change.matcher));
      }
    }
    return change;
  }

  void update() {
    const bool multi = chance(30);
    const bool upsert = chance(20);
    const Change change = make_change(upsert);
    const std::string command = R"({"update": "c", "updates": [{"q": )" + change.filter +
                                R"(, "u": )" + change.update + R"(, "multi": )" +
                                (multi ? "true" : "false") + R"(, "upsert": )" +
                                (upsert ? "true" : "false") + "}]}";
    const bson::Document reply = run_raw(command);
    const int code = code_of(reply);
    const int n = reply["n"].as_int32();
    const int modified = reply["nModified"].as_int32();
    if (change.wanted.empty()) {
      ASSERT_EQ(n, upsert && code == 0 ? 1 : 0) << command;
      ASSERT_EQ(modified, 0) << command;
      if (upsert) return check_upsert(change, code, command);
      ASSERT_EQ(code, 0) << command;
      ASSERT_EQ(difference(stored(), oracle_), "") << command;
    } else if (multi) {
      check_multi(change, code, n, modified,
                  command + (session_ ? " in a transaction" : "") + bson::to_json(reply));
    } else if (code != 0) {
      check_single_refused(change, command);
    } else {
      ASSERT_EQ(n, 1) << command;
      check_single(change, modified, nullptr, command);
    }
  }

  void check_upsert(const Change& change, int code, const std::string& command) {
    bson::Document inserted;
    try {
      inserted = change.parsed.apply_upsert(change.matcher);
    } catch (const Error& error) {
      ASSERT_EQ(code, error.code()) << command;
      return check_nothing_happened(command);
    }
    const int id = inserted["_id"].as_int32();
    ASSERT_TRUE(is_code_of_insert(code, id, inserted)) << code << command;
    if (code != 0) return check_nothing_happened(command);
    oracle_[id] = std::move(inserted);
    ++upserted_;
    ASSERT_EQ(difference(stored(), oracle_), "") << command;
  }

  void check_single_refused(const Change& change, const std::string& command) {
    ASSERT_TRUE(std::any_of(change.wanted.begin(), change.wanted.end(), [&](const auto& each) {
      return forbidden(each.first, each.second.document);
    })) << command;
    check_nothing_happened(command);
  }

  // Of the documents that match exactly one has its wanted outcome, and no other document changed.
  // With a sort it is one that none comes before. Returns its id, if it changed.
  std::optional<int> check_single(const Change& change, int modified,
                                  const query::SortPattern* sort, const std::string& command) {
    Documents after = stored();
    std::optional<int> changed;
    EXPECT_EQ(after.size(), oracle_.size()) << command;
    for (auto& [id, document] : after) {
      if (document == oracle_[id]) continue;
      EXPECT_FALSE(changed.has_value()) << "two documents changed: " << command;
      changed = id;
    }
    EXPECT_EQ(changed ? 1 : 0, modified) << command;
    const auto is_first = [&](int id) {
      return sort == nullptr ||
             std::all_of(change.wanted.begin(), change.wanted.end(), [&](const auto& other) {
               return sort->compare(oracle_[id], oracle_[other.first]) <= 0;
             });
    };
    if (!changed) {
      EXPECT_TRUE(std::any_of(
          change.wanted.begin(), change.wanted.end(),
          [&](const auto& each) { return !each.second.modified && is_first(each.first); }))
          << "an update was lost: " << command;
      return changed;
    }
    const auto wanted = change.wanted.find(*changed);
    if (wanted == change.wanted.end()) {
      ADD_FAILURE() << "a document changed that does not match: " << command;
      return changed;
    }
    EXPECT_EQ(after[*changed], wanted->second.document) << command;
    EXPECT_TRUE(is_first(*changed)) << command;
    EXPECT_FALSE(forbidden(*changed, after[*changed])) << command;
    oracle_ = std::move(after);
    ++changed_;
    return changed;
  }

  void check_multi(const Change& change, int code, int n, int modified,
                   const std::string& command) {
    Documents all = oracle_;
    int to_modify = 0;
    bool refusable = false;
    for (const auto& [id, outcome] : change.wanted) {
      all[id] = outcome.document;
      to_modify += outcome.modified ? 1 : 0;
      refusable = refusable || forbidden(id, outcome.document);
    }
    for (const auto& [id, outcome] : change.wanted) {
      for (const auto& [other, each] : change.wanted) {
        refusable = refusable || (unique_ && id < other && same_u(outcome.document, each.document));
      }
    }
    if (code == 0) {
      ASSERT_EQ(n, static_cast<int>(change.wanted.size())) << command;
      ASSERT_EQ(modified, to_modify) << command;
      ASSERT_EQ(difference(stored(), all), "") << command;
      oracle_ = std::move(all);
      for (const auto& [id, outcome] : change.wanted) {
        ASSERT_FALSE(outcome.modified && forbidden(id, oracle_[id])) << command;
      }
      changed_ += to_modify;
      return;
    }
    // It stopped at a document that breaks an index: each is as it was or as it was to be.
    ASSERT_TRUE(refusable) << code << command;
    if (session_) return check_nothing_happened(command);
    ++refused_;
    Documents after = stored();
    ASSERT_EQ(after.size(), oracle_.size()) << command;
    for (const auto& [id, document] : after) {
      ASSERT_TRUE(document == oracle_[id] || document == all[id]) << command;
    }
    oracle_ = std::move(after);
    for (const auto& [id, document] : oracle_) {
      ASSERT_FALSE(change.wanted.contains(id) && document == all[id] &&
                   change.wanted.at(id).modified && forbidden(id, document))
          << command;
    }
  }

  void find_and_modify() {
    const bool upsert = chance(20);
    const bool want_new = chance(50);
    const Change change = make_change(upsert);
    const std::string order = sort();
    const bson::Document order_document = bson::from_json(order);
    const auto pattern = query::SortPattern::parse(order_document);
    const bool remove = !upsert && chance(30);
    const std::string command =
        R"({"findAndModify": "c", "query": )" + change.filter + R"(, "sort": )" + order +
        (remove
             ? R"(, "remove": true})"
             : R"(, "update": )" + change.update + R"(, "new": )" + (want_new ? "true" : "false") +
                   R"(, "upsert": )" + (upsert ? "true" : "false") + "}");
    const bson::Document reply = run_raw(command);
    const int code = code_of(reply);
    if (remove) {
      ASSERT_EQ(code, 0) << command;
      return check_single_removed(change.wanted, &pattern, reply["value"], command);
    }
    if (change.wanted.empty()) {
      if (upsert) return check_upsert(change, code, command);
      ASSERT_TRUE(reply["value"].is_null()) << command;
      ASSERT_EQ(difference(stored(), oracle_), "") << command;
      return;
    }
    if (code != 0) return check_single_refused(change, command);
    const bson::Document value(reply["value"].as_document());
    const int id = value["_id"].as_int32();
    ASSERT_TRUE(change.wanted.contains(id)) << command;
    ASSERT_EQ(value, want_new ? change.wanted.at(id).document : oracle_[id]) << command;
    const int modified = change.wanted.at(id).modified ? 1 : 0;
    const auto changed = check_single(change, modified, &pattern, command);
    ASSERT_TRUE(!changed || *changed == id) << command;
  }

  // --- deletes
  void remove() {
    const bool multi = chance(10);
    const std::string chosen =
        multi || chance(50) ? filter() : R"({"_id": )" + std::to_string(below(kIds)) + "}";
    const bson::Document filter_document = bson::from_json(chosen);
    const auto matcher = query::Matcher::parse(filter_document);
    std::map<int, query::Update::Outcome> matching;
    for (const auto& [id, document] : oracle_) {
      if (matcher.matches(document)) matching[id];
    }
    const std::string command = R"({"delete": "c", "deletes": [{"q": )" + chosen +
                                R"(, "limit": )" + (multi ? "0" : "1") + "}]}";
    const bson::Document reply = run_raw(command);
    ASSERT_EQ(code_of(reply), 0) << command;
    if (!multi) {
      ASSERT_EQ(reply["n"].as_int32(), matching.empty() ? 0 : 1) << command;
      return check_single_removed(matching, nullptr, {}, command);
    }
    ASSERT_EQ(reply["n"].as_int32(), static_cast<int>(matching.size())) << command;
    for (const auto& [id, ignored] : matching) oracle_.erase(id);
    ASSERT_EQ(difference(stored(), oracle_), "") << command;
  }

  void check_single_removed(const std::map<int, query::Update::Outcome>& matching,
                            const query::SortPattern* sort, bson::ValueView value,
                            const std::string& command) {
    Documents after = stored();
    if (matching.empty()) {
      ASSERT_EQ(difference(after, oracle_), "") << command;
      return;
    }
    ASSERT_EQ(after.size() + 1, oracle_.size()) << command;
    int gone = -1;
    for (const auto& [id, document] : oracle_) {
      if (!after.contains(id)) gone = id;
    }
    ASSERT_TRUE(matching.contains(gone)) << command;
    if (!value.missing()) {
      ASSERT_EQ(bson::Document(value.as_document()), oracle_[gone]) << command;
    }
    for (const auto& [id, ignored] : matching) {
      ASSERT_TRUE(sort == nullptr || sort->compare(oracle_[gone], oracle_[id]) <= 0) << command;
    }
    oracle_.erase(gone);
    ASSERT_EQ(difference(after, oracle_), "") << command;
  }

  // --- reads
  void find() {
    const std::string chosen = filter();
    const bson::Document filter_document = bson::from_json(chosen);
    const auto matcher = query::Matcher::parse(filter_document);
    const std::string order = chance(50) ? sort() : R"({"_id": 1})";
    const bson::Document order_document = bson::from_json(order);
    const auto pattern = query::SortPattern::parse(order_document);
    const int limit = chance(30) ? 1 + below(10) : 0;
    const std::string command = R"({"find": "c", "filter": )" + chosen + R"(, "sort": )" + order +
                                R"(, "limit": )" + std::to_string(limit) + R"(, "batchSize": 20})";
    const auto found = read(command);
    std::vector<bson::Document> expected;
    for (const auto& [id, document] : oracle_) {
      if (matcher.matches(document)) expected.push_back(document);
    }
    const auto count = static_cast<int>(expected.size());
    std::stable_sort(expected.begin(), expected.end(),
                     [&](const auto& a, const auto& b) { return pattern.compare(a, b) < 0; });
    if (limit != 0 && expected.size() > static_cast<std::size_t>(limit)) expected.resize(limit);
    ASSERT_EQ(found.size(), expected.size()) << command;
    std::set<int> ids;
    for (std::size_t i = 0; i < found.size(); ++i) {
      // Those that the sort does not tell apart may come in any order.
      ASSERT_TRUE(pattern.compare(found[i], expected[i]) == 0) << command;
      const int id = found[i]["_id"].as_int32();
      ASSERT_TRUE(ids.insert(id).second) << command;
      ASSERT_TRUE(oracle_.contains(id) && found[i] == oracle_[id]) << command;
      ASSERT_TRUE(matcher.matches(found[i])) << command;
    }
    found_ += static_cast<std::int64_t>(found.size());
    if (chance(20)) {
      const bson::Document reply = run_raw(R"({"count": "c", "query": )" + chosen + "}");
      ASSERT_EQ(reply["n"].as_int32(), count) << chosen;
    }
  }

  // --- transactions
  void begin_or_end_transaction() {
    if (session_) return end_transaction(chance(70));
    before_transaction_ = oracle_;
    session_ = std::make_unique<TestSession>(*engine_);
    ASSERT_EQ(difference(stored(), oracle_), "");
  }
  void end_transaction(bool commit) {
    // Until then nobody else saw anything of it.
    const auto session = std::move(session_);
    ASSERT_EQ(difference(stored(), before_transaction_), "");
    const bson::Document reply = commit ? session->commit() : session->abort();
    ASSERT_TRUE(reply["ok"].truthy()) << bson::to_json(reply);
    if (!commit) oracle_ = std::move(before_transaction_);
    committed_ += commit ? 1 : 0;
    check_everything();
  }

  void change_index() {
    if (session_) return;
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
        {"xab", R"({"name": "xab", "key": {"x.a": 1, "x.b": 1}})"},
        {"xba", R"({"name": "xba", "key": {"x.b": -1, "x.a": 1}})"},
        {"u", R"({"name": "u", "key": {"u": 1}, "unique": true, "sparse": true})"},
    };
    const Choice& choice = kChoices[below(9)];
    if (engine_->code_of(R"({"dropIndexes": "c", "index": ")" + std::string(choice.name) +
                         R"("})") == 0) {
      note(choice.name, false);
      return check_everything();
    }
    const int code = engine_->code_of(R"({"createIndexes": "c", "indexes": [)" +
                                      std::string(choice.spec) + "]}");
    note(choice.name, true);
    int wanted = 0;
    for (const auto& [id, document] : oracle_) {
      if (choice.name == std::string_view("u") && clashes(id, document)) wanted = 11000;
      if (choice.name == std::string_view("ab") && parallel_arrays(document)) wanted = 171;
    }
    ASSERT_EQ(code, wanted) << choice.name;
    if (code != 0) note(choice.name, false);
    indexes_built_ += code == 0 ? 1 : 0;
    check_everything();
  }
  void note(std::string_view name, bool present) {
    if (name == "u") unique_ = present;
    if (name == "ab") compound_ = present;
  }

  // Outside of transactions.
  void check_everything() {
    ASSERT_EQ(difference(stored(), oracle_), "");
    const bson::Document command = bson::doc("check", 1);
    Operation operation(engine_->engine(), "test", command);
    if (const Collection* collection = operation.collection(operation.ns("c"))) {
      EXPECT_THAT(check_records_and_indexes(operation, *collection).all_faults(),
                  ::testing::IsEmpty());
    }
  }

  TemporaryDirectory directory_;
  std::unique_ptr<TestEngine> engine_;
  std::unique_ptr<TestSession> session_;  // while a transaction is open
  std::mt19937 random_;
  Documents oracle_;
  Documents before_transaction_;
  bool unique_ = false;
  bool compound_ = false;
  std::int64_t found_ = 0;
  int indexes_built_ = 0;
  int changed_ = 0;
  int refused_ = 0;
  int upserted_ = 0;
  int committed_ = 0;
};

TEST(RandomOperations, GiveTheAnswersOfAMapInMemory) { RandomOperations(7).run(kOperations); }

}  // namespace
}  // namespace quern::engine
