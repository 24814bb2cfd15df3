// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Random commands. The generator writes each command twice, as it is given and as it must be sent,
// and keeps its own account of which names are encrypted after which stage.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "analysis/testing.h"

namespace quern::analysis {
namespace {

using bson::Builder;

// Both versions of one document.
struct Twins {
  Builder given;
  Builder sent;

  template <class Action>
  void both(Action action) {
    action(given);
    action(sent);
  }
};

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  // A command of a random kind: as given, as sent.
  std::pair<bson::Document, bson::Document> command() {
    names_ = {{"ssn", "ssn"}, {"a.b", "a.b"}};
    Twins twins;
    switch (below(6)) {
      case 0:
        twins.both([](Builder& b) { b.append("find", "c").open_document("filter"); });
        filter(twins, 3);
        twins.both([](Builder& b) { b.close().append("limit", std::int32_t{5}); });
        break;
      case 1:
        twins.both([](Builder& b) {
          b.append("delete", "c").open_array("deletes").push_document().open_document("q");
        });
        filter(twins, 2);
        twins.both([](Builder& b) { b.close().append("limit", std::int32_t{1}).close().close(); });
        break;
      case 2:
        twins.both([](Builder& b) { b.append("insert", "c").open_array("documents"); });
        for (std::uint32_t i = 0, count = 1 + below(3); i < count; ++i) {
          twins.both([](Builder& b) { b.push_document(); });
          stored(twins);
          twins.both([](Builder& b) { b.close(); });
        }
        twins.both([](Builder& b) { b.close(); });
        break;
      case 3:
        update(twins);
        break;
      default:
        pipeline(twins);
    }
    return {twins.given.finish(), twins.sent.finish()};
  }

 private:
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_() % bound); }
  std::string value() { return fmt::format("value-{}", next_value_++); }
  // A name that is encrypted now, and the field whose key it needs.
  std::pair<std::string, std::string> encrypted_name() {
    auto it = names_.begin();
    std::advance(it, below(static_cast<std::uint32_t>(names_.size())));
    return *it;
  }
  static std::string marking(std::string_view kind, std::string_view field,
                             std::string_view value) {
    return fmt::format("{} equality {} {}", kind, field, value);
  }

  // Members of a filter, one or several.
  void filter(Twins& twins, int depth) {
    const std::uint32_t count = below(4);
    if (count > 1) twins.sent.open_array("$and");
    for (std::uint32_t i = 0; i < count; ++i) {
      if (count > 1) twins.sent.push_document();
      predicate(twins, depth, i);
      if (count > 1) twins.sent.close();
    }
    if (count > 1) twins.sent.close();
  }

  void predicate(Twins& twins, int depth, std::uint32_t position) {
    if (depth > 0 && below(3) == 0) {
      static constexpr const char* kLogical[] = {"$and", "$or", "$nor"};
      // One of each at most: a filter does not repeat its keys.
      twins.both([&](Builder& b) { b.open_array(kLogical[position % 3]); });
      for (std::uint32_t i = 0, count = 1 + below(3); i < count; ++i) {
        twins.both([](Builder& b) { b.push_document(); });
        filter(twins, depth - 1);
        twins.both([](Builder& b) { b.close(); });
      }
      twins.both([](Builder& b) { b.close(); });
    } else if (below(5) == 0 && position == 0) {
      twins.both([](Builder& b) { b.open_document("$expr"); });
      comparison(twins);
      twins.both([](Builder& b) { b.close(); });
    } else if (below(2) == 0 && !names_.empty()) {
      encrypted_predicate(twins);
    } else {
      const std::string name = fmt::format("p{}", position);
      const std::string constant = value();
      if (below(2) == 0) {
        twins.given.append(name, constant);
        twins.sent.open_document(name).append("$eq", constant).close();
      } else {
        static constexpr const char* kPlain[] = {"$gt", "$lte", "$ne", "$regex"};
        const char* operation = kPlain[below(4)];
        twins.both([&](Builder& b) { b.open_document(name).append(operation, constant).close(); });
      }
    }
  }

  void encrypted_predicate(Twins& twins) {
    const auto [name, field] = encrypted_name();
    const std::string constant = value();
    switch (below(5)) {
      case 0:
        twins.given.append(name, constant);
        twins.sent.open_document(name).append("$eq", marking("find", field, constant)).close();
        break;
      case 1:
        twins.given.open_document(name).append("$ne", constant).close();
        twins.sent.open_document(name).append("$ne", marking("find", field, constant)).close();
        break;
      case 2: {
        const std::string other = value();
        const char* operation = below(2) == 0 ? "$in" : "$nin";
        twins.given.open_document(name).open_array(operation).push(constant).push(other);
        twins.sent.open_document(name).open_array(operation);
        twins.sent.push(marking("find", field, constant)).push(marking("find", field, other));
        twins.both([](Builder& b) { b.close().close(); });
        break;
      }
      case 3:
        twins.given.open_document(name).open_document("$not").append("$eq", constant);
        twins.sent.open_document(name).open_document("$not");
        twins.sent.append("$eq", marking("find", field, constant));
        twins.both([](Builder& b) { b.close().close(); });
        break;
      default:
        twins.both([&](Builder& b) { b.open_document(name).append("$exists", true).close(); });
    }
  }

  // One comparison of $expr.
  void comparison(Twins& twins) {
    const std::string constant = value();
    if (names_.empty() || below(2) == 0) {
      twins.both([&](Builder& b) {
        b.open_array("$gt").push("$" + std::string("p1")).push(constant).close();
      });
      return;
    }
    const auto [name, field] = encrypted_name();
    const char* operation = below(2) == 0 ? "$eq" : "$ne";
    const bool flipped = below(2) == 0;
    twins.both([&](Builder& b) { b.open_array(operation); });
    if (!flipped) twins.both([&, path = "$" + name](Builder& b) { b.push(path); });
    twins.given.push(constant);
    twins.sent.push(marking("find", field, constant));
    if (flipped) twins.both([&, path = "$" + name](Builder& b) { b.push(path); });
    twins.both([](Builder& b) { b.close(); });
  }

  // Members of a document that is stored.
  void stored(Twins& twins) {
    twins.both([&](Builder& b) { b.append("_id", static_cast<std::int32_t>(next_value_)); });
    if (below(2) == 0) set(twins, "ssn", "ssn");
    if (below(2) == 0) {
      twins.both([](Builder& b) { b.open_document("a"); });
      if (below(2) == 0) set(twins, "b", "a.b");
      const std::string constant = value();
      twins.both([&](Builder& b) { b.append("c", constant).close(); });
    }
    if (below(2) == 0) {
      const std::string constant = value();
      twins.both([&](Builder& b) { b.open_array("p").push(constant).close(); });
    }
  }

  void set(Twins& twins, std::string_view key, std::string_view field) {
    const std::string constant = value();
    twins.given.append(key, constant);
    twins.sent.append(key, marking("insert", field, constant));
  }

  void update(Twins& twins) {
    twins.both([](Builder& b) {
      b.append("update", "c").open_array("updates").push_document().open_document("q");
    });
    filter(twins, 2);
    twins.both([](Builder& b) { b.close().open_document("u"); });
    if (below(3) == 0) {
      stored(twins);
    } else {
      twins.both([](Builder& b) { b.open_document("$set"); });
      set(twins, "ssn", "ssn");
      if (below(2) == 0) set(twins, "a.b", "a.b");
      const std::string constant = value();
      twins.both([&](Builder& b) { b.append("p.$", constant).close(); });
      twins.both([&](Builder& b) {
        b.open_document("$push").append("q", constant).close();
        b.open_document("$unset").append("note", "").close();
      });
    }
    const bool upsert = below(2) == 0;
    twins.both([&](Builder& b) { b.close().append("upsert", upsert).close().close(); });
  }

  void pipeline(Twins& twins) {
    twins.both([](Builder& b) { b.append("aggregate", "c").open_array("pipeline"); });
    for (std::uint32_t i = 0, count = below(7); i < count; ++i) {
      twins.both([](Builder& b) { b.push_document(); });
      stage(twins);
      twins.both([](Builder& b) { b.close(); });
    }
    twins.both([](Builder& b) { b.close().open_document("cursor").close(); });
  }

  void stage(Twins& twins) {
    switch (below(8)) {
      case 0:
        twins.both(
            [](Builder& b) { b.open_document("$sort").append("p1", std::int32_t{-1}).close(); });
        return;
      case 1: {  // a new name for an encrypted field
        if (names_.empty()) break;
        const auto [name, field] = encrypted_name();
        const std::string fresh = fmt::format("r{}", next_value_++);
        twins.both([&, path = "$" + name](Builder& b) {
          b.open_document("$addFields").append(fresh, path).close();
        });
        names_[fresh] = field;
        return;
      }
      case 2: {  // plain values over an encrypted field
        if (names_.empty()) break;
        const auto [name, field] = encrypted_name();
        twins.both([&](Builder& b) {
          b.open_document("$set").open_document(name).open_array("$concat").push("$p1").close();
          b.close().close();
        });
        names_.erase(name);
        return;
      }
      case 3: {
        if (names_.empty()) break;
        const auto [name, field] = encrypted_name();
        twins.both([&](Builder& b) { b.append("$unset", name); });
        names_.erase(name);
        return;
      }
      case 4: {  // some of the names only
        std::map<std::string, std::string> kept;
        twins.both([](Builder& b) { b.open_document("$project").append("p1", true); });
        for (const auto& [name, field] : names_) {
          if (below(3) == 0) continue;
          twins.both([&](Builder& b) { b.append(name, std::int32_t{1}); });
          kept.emplace(name, field);
        }
        twins.both([](Builder& b) { b.close(); });
        names_ = std::move(kept);
        return;
      }
      default:
        break;
    }
    twins.both([](Builder& b) { b.open_document("$match"); });
    filter(twins, 2);
    twins.both([](Builder& b) { b.close(); });
  }

  std::mt19937_64 random_;
  std::uint32_t next_value_ = 100;
  std::map<std::string, std::string> names_;
};

TEST(RandomCommands, AreSentAsTheyMustBe) {
  for (std::uint64_t seed = 1; seed <= 5000; ++seed) {
    Generator generator(seed);
    const auto [given, sent] = generator.command();
    SCOPED_TRACE(fmt::format("seed {}: {}", seed, bson::to_json(given)));
    const Analysis analysis = analyse(testing::kDatabase, given, testing::schemas());
    bson::validate(analysis.result.bytes());
    ASSERT_EQ(bson::to_json(testing::readable(analysis.result)), bson::to_json(sent));
  }
}

// Words of the command language in any order: whatever comes, it is analysed or refused.
class Babble {
 public:
  explicit Babble(std::uint64_t seed) : random_(seed) {}

  bson::Document command() {
    static constexpr std::string_view kNames[] = {
        "find",  "aggregate", "insert", "update",  "delete",        "findAndModify",
        "count", "distinct",  "create", "collMod", "createIndexes", "explain"};
    Builder builder;
    const std::string_view name = kNames[below(std::size(kNames))];
    if (name == "explain") {
      builder.open_document(name).append("find", "c");
      document(builder, 5);
      builder.close();
    } else {
      builder.append(name, below(8) == 0 ? "other" : "c");
      static constexpr std::string_view kArrays[] = {"pipeline", "documents", "updates", "deletes",
                                                     "indexes"};
      for (const std::string_view array : kArrays) {
        if (below(2) == 0) continue;
        builder.open_array(array).push_document();
        document(builder, 6);
        builder.close().close();
      }
      static constexpr std::string_view kDocuments[] = {"filter", "query",  "validator",
                                                        "update", "fields", "projection"};
      for (const std::string_view member : kDocuments) {
        if (below(3) != 0) continue;
        builder.open_document(member);
        document(builder, 6);
        builder.close();
      }
    }
    return builder.finish();
  }

 private:
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }

  std::string_view word() {
    static constexpr std::string_view kWords[] = {
        "ssn",         "a",          "b",        "a.b",
        "a.d.e",       "n",          "p",        "billing",
        "note",        "age",        "p.0.q",    "a.$[i].b",
        "_id",         "$eq",        "$in",      "$not",
        "$and",        "$or",        "$nor",     "$expr",
        "$elemMatch",  "$exists",    "$all",     "$gt",
        "$set",        "$unset",     "$rename",  "$push",
        "$inc",        "$cond",      "$ifNull",  "$switch",
        "$let",        "$map",       "$literal", "$add",
        "$getField",   "$match",     "$project", "$addFields",
        "$group",      "$lookup",    "$unwind",  "$replaceRoot",
        "$redact",     "$bucket",    "$sum",     "$jsonSchema",
        "q",           "u",          "key",      "name",
        "from",        "as",         "pipeline", "in",
        "vars",        "if",         "then",     "else",
        "branches",    "case",       "input",    "newRoot",
        "path",        "properties", "required", "",
        "$",           "$$ROOT",     "limit",    "multi",
        "arrayFilters"};
    return kWords[below(std::size(kWords))];
  }

  void document(Builder& builder, int depth) {
    for (std::size_t i = 0, count = below(4); i < count; ++i) value(builder, word(), depth);
  }

  void value(Builder& builder, std::string_view key, int depth) {
    static constexpr std::string_view kTexts[] = {"$ssn", "$a.b",  "$a", "$p", "$$ROOT", "$$v",
                                                  "c",    "other", "x",  "$",  "$$",     ""};
    switch (below(depth > 0 ? 8 : 5)) {
      case 0:
        builder.append(key, kTexts[below(std::size(kTexts))]);
        break;
      case 1:
        builder.append(key, static_cast<std::int32_t>(below(3)));
        break;
      case 2:
        builder.append(key, bson::Null{});
        break;
      case 3:
        builder.append(key, true);
        break;
      case 4:
        builder.append(key, bson::Regex{"x", ""});
        break;
      case 5:
        builder.open_array(key);
        for (std::size_t i = 0, count = below(4); i < count; ++i) {
          value(builder, std::to_string(i), depth - 1);
        }
        builder.close();
        break;
      default:
        builder.open_document(key);
        document(builder, depth - 1);
        builder.close();
    }
  }

  std::mt19937_64 random_;
};

TEST(RandomCommands, OfAnyShapeAreAnalysedOrRefused) {
  std::size_t accepted = 0;
  for (std::uint64_t seed = 1; seed <= 50'000; ++seed) {
    const bson::Document command = Babble(seed).command();
    try {
      const Analysis analysis = analyse(testing::kDatabase, command, testing::schemas());
      bson::validate(analysis.result.bytes());
      ASSERT_EQ(analysis.result.view().front().key(), command.view().front().key());
      ++accepted;
    } catch (const Error& error) {
      ASSERT_FALSE(error.is(ErrorCode::kInternalError)) << error.what() << bson::to_json(command);
    }
  }
  EXPECT_GT(accepted, 100u);
}

}  // namespace
}  // namespace quern::analysis
