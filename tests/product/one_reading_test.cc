// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The analyser and the engine read a command in the same way. Wherever a command may have a member
// twice, one of them could take the first and the other the last: so each of them refuses it.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "analysis/analyse.h"
#include "base/testing/error_of.h"
#include "bson/transform.h"
#include "command/command_table.h"
#include "engine/engine_runner.h"
#include "language/expression_operators.h"
#include "quern/bson/json.h"

namespace quern::product {
namespace {

using bson::Edit;
using bson::Element;
using bson::EnclosingPath;
using bson::View;

// Commands on a collection with the encrypted field ssn, none of which touches it: what they do is
// allowed, so that a refusal is about how they are written.
constexpr std::string_view kCommands[] = {
    R"({"find": "c", "filter": {"p": 1}, "projection": {"p": 1, "q": {"r": 1}, "x": {"$add": ["$p", 1]}},
        "sort": {"p": 1, "q": -1}, "skip": 0, "limit": 5, "let": {"v": 1, "w": 2},
        "collation": {"locale": "simple"}, "comment": "x"})",
    R"({"find": "c", "filter": {"_id": 1}, "limit": 1})",
    R"({"find": "c", "filter": {"$expr": {"$eq": ["$p", {"$cond": {"if": "$q", "then": 1, "else": {"x": 1, "y": 2}}}]}}})",
    R"({"find": "c", "filter": {"$expr": {"$let": {"vars": {"a": 1, "b": 2}, "in": {"$add": ["$$a", "$$b"]}}}}})",
    R"({"find": "c", "filter": {"$expr": {"$switch": {"branches": [{"case": "$p", "then": 1}], "default": 2}}}})",
    R"({"find": "c", "filter": {"$expr": {"$map": {"input": "$p", "as": "i", "in": "$$i"}}}})",
    R"({"find": "c", "filter": {"$expr": {"$filter": {"input": "$p", "as": "i", "cond": "$$i"}}}})",
    R"({"find": "c", "filter": {"$expr": {"$reduce": {"input": "$p", "initialValue": 0, "in": "$$this"}}}})",
    R"({"find": "c", "filter": {"$expr": {"$getField": {"field": "p", "input": {"p": 1, "q": 2}}}}})",
    R"({"find": "c", "filter": {"$expr": {"$setField": {"field": "p", "input": {}, "value": 1}}}})",
    R"({"find": "c", "filter": {"$expr": {"$dateAdd": {"startDate": "$p", "unit": "day", "amount": 1, "timezone": "UTC"}}}})",
    R"({"find": "c", "filter": {"$expr": {"$regexMatch": {"input": "$p", "regex": "x", "options": "i"}}}})",
    R"({"find": "c", "filter": {"$expr": {"$trim": {"input": "$p", "chars": "x"}}}})",
    R"({"find": "c", "filter": {"$expr": {"$zip": {"inputs": ["$p"], "useLongestLength": true, "defaults": [1]}}}})",
    R"({"find": "c", "filter": {"$expr": {"$sortArray": {"input": "$p", "sortBy": {"a": 1, "b": 1}}}}})",
    R"({"find": "c", "filter": {"$expr": {"$convert": {"input": "$p", "to": "int", "onError": 1, "onNull": 2}}}})",
    R"({"count": "c", "query": {"p": 1}, "limit": 1, "skip": 0, "collation": {"locale": "simple"}})",
    R"({"aggregate": "c", "pipeline": [{"$match": {"p": 1}}], "cursor": {"batchSize": 5}, "let": {"v": 1, "w": 2}})",
    R"({"aggregate": "c", "pipeline": [{"$project": {"p": 1, "x": {"y": 1, "z": {"$add": [1, 2]}}}}], "cursor": {}})",
    R"({"aggregate": "c", "pipeline": [{"$addFields": {"x": {"y": 1, "z": 2}, "w": {"$literal": 1}}}], "cursor": {}})",
    R"({"aggregate": "c", "pipeline": [{"$set": {"x": 1}}, {"$unset": ["x"]}, {"$sort": {"p": 1, "q": 1}}], "cursor": {}})",
    R"({"aggregate": "c", "pipeline": [{"$limit": 1}, {"$skip": 1}, {"$count": "x"}], "cursor": {}})",
    R"({"aggregate": "c", "pipeline": [{"$sample": {"size": 1}}], "cursor": {}})",
    R"({"aggregate": "c", "pipeline": [{"$group": {"_id": {"a": "$p", "b": "$q"}, "x": {"$sum": {"$add": ["$p", 1]}}, "y": {"$push": {"a": 1, "b": 2}}}}], "cursor": {}})",
    R"({"aggregate": "c", "pipeline": [{"$group": {"_id": "$p", "x": {"$top": {"output": "$q", "sortBy": {"a.b": 1, "q": -1}}}, "y": {"$firstN": {"n": 1, "input": "$q"}}}}], "cursor": {}})",
    R"({"aggregate": "c", "pipeline": [{"$sortByCount": "$p"}], "cursor": {}})",
    R"({"aggregate": "c", "pipeline": [{"$bucket": {"groupBy": "$p", "boundaries": [0, 5], "default": 9, "output": {"x": {"$sum": 1}, "y": {"$max": "$q"}}}}], "cursor": {}})",
    R"({"aggregate": "c", "pipeline": [{"$bucketAuto": {"groupBy": "$p", "buckets": 2, "output": {"x": {"$sum": 1}}}}], "cursor": {}})",
    R"({"aggregate": "c", "pipeline": [{"$unwind": {"path": "$p", "includeArrayIndex": "i", "preserveNullAndEmptyArrays": true}}], "cursor": {}})",
    R"({"aggregate": "c", "pipeline": [{"$replaceRoot": {"newRoot": {"a": 1, "b": 2}}}, {"$replaceWith": {"a": 1, "b": 2}}], "cursor": {}})",
    R"({"aggregate": "c", "pipeline": [{"$redact": {"$cond": {"if": "$p", "then": "$$KEEP", "else": "$$PRUNE"}}}], "cursor": {}})",
    R"({"aggregate": "c", "pipeline": [{"$lookup": {"from": "plain", "as": "x", "localField": "p", "foreignField": "q", "pipeline": [{"$project": {"p": 1, "q": 1}}]}}], "cursor": {}})",
    R"({"aggregate": "c", "pipeline": [{"$graphLookup": {"from": "c", "as": "x", "startWith": {"$add": ["$p", 1]}, "connectFromField": "p", "connectToField": "q", "maxDepth": 1, "depthField": "d"}}], "cursor": {}})",
    R"({"aggregate": "c", "pipeline": [{"$geoNear": {"near": {"type": "Point", "coordinates": [0, 0]}, "distanceField": "d", "key": "k"}}], "cursor": {}})",
    R"({"aggregate": "plain", "pipeline": [{"$unionWith": {"coll": "plain", "pipeline": []}}], "cursor": {}})",
    R"({"aggregate": "plain", "pipeline": [{"$facet": {"a": [{"$limit": 1}], "b": [{"$group": {"_id": 1, "x": {"$sum": 1}}}]}}], "cursor": {}})",
    R"({"aggregate": "plain", "pipeline": [{"$merge": {"into": {"db": "db", "coll": "plain"}, "on": "_id", "whenMatched": [{"$unset": "x"}], "whenNotMatched": "insert"}}], "cursor": {}})",
    R"({"aggregate": "plain", "pipeline": [{"$out": {"db": "db", "coll": "plain"}}], "cursor": {}})",
    R"({"insert": "c", "documents": [{"_id": 1}], "ordered": true})",
    R"({"update": "c", "updates": [{"q": {"p": 1}, "u": {"$set": {"p": 1, "q": 2}, "$inc": {"r": 1}, "$unset": {"s": 1}}, "upsert": false, "multi": false}], "ordered": true, "let": {"v": 1}})",
    R"({"update": "c", "updates": [{"q": {"p": 1}, "u": {"$push": {"p": {"$each": [1], "$slice": 1, "$position": 0, "$sort": {"a": 1}}}}}]})",
    R"({"delete": "c", "deletes": [{"q": {"p": 1}, "limit": 1, "collation": {"locale": "simple"}}], "ordered": true, "let": {"v": 1}})",
    R"({"findAndModify": "c", "query": {"p": 1}, "update": {"$set": {"p": 2}}, "fields": {"p": 1, "q": 1}, "sort": {"p": 1, "q": 1}, "new": true, "upsert": false})",
    R"({"create": "d", "validator": {"$jsonSchema": {"properties": {"p": {"bsonType": "int", "minimum": 1}, "q": {}}, "required": ["p"]}}, "validationLevel": "strict"})",
    R"({"collMod": "c", "validator": {"p": 1}, "validationLevel": "off"})",
    R"({"createIndexes": "c", "indexes": [{"key": {"p": 1, "q": 1}, "name": "pq", "unique": false}]})",
    R"({"getMore": {"$numberLong": "5"}, "collection": "c", "batchSize": 1})",
    R"({"killCursors": "c", "cursors": [{"$numberLong": "5"}]})",
    R"({"dropIndexes": "c", "index": "x"})",
    R"({"listCollections": 1, "filter": {}, "nameOnly": true, "cursor": {}})",
    R"({"listIndexes": "c", "cursor": {}})",
    R"({"explain": {"find": "c", "filter": {"p": 1}, "limit": 1}, "verbosity": "queryPlanner"})",
};

// Where a document's members are conditions that all hold, or data: everybody takes all of them.
bool takes_all(const std::vector<std::string>& path) {
  static constexpr std::string_view kConditions[] = {"filter", "query", "q", "$match", "validator"};
  static constexpr std::string_view kData[] = {"documents", "$literal"};
  bool conditions = false;
  for (const std::string& name : path) {
    if (std::ranges::find(kData, name) != std::end(kData)) return &name != &path.back();
    if (std::ranges::find(kConditions, name) != std::end(kConditions)) conditions = true;
    if (name == "$expr" || name == "$jsonSchema") conditions = false;
  }
  if (!path.empty() && path.back() == "near") return true;  // a value
  return conditions;
}

struct Repetition {
  bson::Document command;
  std::string where;
};

std::vector<std::string> joined(EnclosingPath path, std::string_view last) {
  std::vector<std::string> names(path.begin(), path.end());
  names.emplace_back(last);
  return names;
}

// The command with one member there twice, for each of its members at any depth.
std::vector<Repetition> repetitions(View command) {
  std::vector<Repetition> all;
  for (const Element& member : command) {
    all.push_back(
        {bson::Builder().append_all(command).append(member).finish(), std::string(member.key())});
  }
  bson::transform(command, [&](const Element& outer, EnclosingPath outer_path, bson::Builder&) {
    const std::vector<std::string> target = joined(outer_path, outer.key());
    if (!outer.is_document() || takes_all(target)) return Edit::kEnter;
    for (const Element& member : outer.as_document()) {
      const auto repeat = [&](const Element& element, EnclosingPath path, bson::Builder& out) {
        if (joined(path, element.key()) != target) return Edit::kEnter;
        out.open_document(element.key()).append_all(element.as_document()).append(member).close();
        return Edit::kDone;
      };
      std::string where;
      for (const std::string& name : target) where += name + ".";
      all.push_back({bson::transform(command, repeat), where + std::string(member.key())});
    }
    return Edit::kEnter;
  });
  return all;
}

class OneReading : public ::testing::Test {
 protected:
  OneReading() {
    schemas_.emplace("db.c",
                     schema::EncryptedFields::parse(
                         bson::from_json(R"({"fields": [{"path": "ssn", "bsonType": "string",
                             "keyId": {"$uuid": "00000000-0000-4000-8000-000000000001"},
                             "queries": {"queryType": "equality"}}]})")
                             .view(),
                         "c"));
    schemas_.emplace("db.plain", schema::EncryptedFields());
    schemas_.emplace("db.d", schema::EncryptedFields());
    for (const char* name : {"c", "plain"}) engine_.run("db", bson::doc("create", name));
    engine_.run("db", bson::from_json(R"({"insert": "c", "documents": [{"_id": 1, "p": 1}]})"));
  }

  // "" when it is accepted.
  std::string analysers_refusal(View command) const {
    try {
      analysis::analyse("db", command, schemas_);
      return {};
    } catch (const Error& error) {
      return error.what();
    }
  }
  bool is_refused_by_engine(View command) {
    const bson::Document reply = engine_.run("db", command);
    return !reply["ok"].truthy() || reply["writeErrors"];
  }

  analysis::SchemaMap schemas_;
  engine::EngineRunner engine_;
};

TEST_F(OneReading, NothingIsReadThatIsThereTwice) {
  std::size_t tried = 0;
  for (const std::string_view json : kCommands) {
    const bson::Document command = bson::from_json(json);
    EXPECT_EQ(analysers_refusal(command), "") << json;
    for (const Repetition& repetition : repetitions(command)) {
      ++tried;
      // In a plain collection the analyser reads what names collections.
      const bool is_plain =
          command.view().front().is_string() && command.view().front().as_string() != "c";
      const bool names = repetition.where.find('.') == std::string::npos ||
                         repetition.where.starts_with("pipeline");
      if (!is_plain || names) {
        EXPECT_NE(analysers_refusal(repetition.command), "")
            << repetition.where << " twice in " << json;
      }
      EXPECT_TRUE(is_refused_by_engine(repetition.command))
          << repetition.where << " twice in " << json;
    }
  }
  EXPECT_GT(tried, 250U);
}

TEST_F(OneReading, NoAccumulatorIsKnownToOneOnly) {
  for (const char* collection : {"c", "plain"}) {
    const bson::Document command = bson::doc(
        "aggregate", collection, "pipeline",
        bson::array(bson::doc("$group", bson::doc("_id", 1, "x", bson::doc("$frobnicate", "$p")))),
        "cursor", bson::doc());
    EXPECT_EQ(error_of([&] { analysis::analyse("db", command, schemas_); }).code(), 15952);
    EXPECT_EQ(engine_.run("db", command)["code"].as_int32(), 15952);
  }
}

TEST_F(OneReading, NoOperatorTakesANameTwice) {
  for (const language::ExpressionOperator& op : language::kExpressionOperators) {
    const std::string_view name = op.name;
    const bson::Document arguments = bson::Builder().append("input", 1).append("input", 2).finish();
    const bson::Document command =
        bson::doc("find", "c", "filter", bson::doc("$expr", bson::doc(name, arguments)));
    const bool is_constant = name == "$literal" || name == "$const";
    EXPECT_EQ(analysers_refusal(command).empty(), is_constant) << name;
    EXPECT_EQ(!is_refused_by_engine(command), is_constant) << name;
  }
}

}  // namespace
}  // namespace quern::product
