// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Whatever an application does with the value of an encrypted field, in the clear it never leaves
// the encrypting runner: the command is either encrypted or refused.
#include "clinic_fixture.h"

namespace quern::product {
namespace {

constexpr std::string_view kText = "CANARY-4d1f";
constexpr std::int32_t kNumber = 0x5ca1ab1e;

// CANARY and NUMBER stand for the values that must not leave.
constexpr std::string_view kCommands[] = {
    // Inserts
    R"({"insert": "patients", "documents": [{"ssn": "CANARY"}]})",
    R"({"insert": "patients", "documents": [{"a": 1}, {"record": {"code": NUMBER, "note": "CANARY"}}]})",
    R"({"insert": "patients", "documents": [{"record": {"billing": {"number": "CANARY"}}}]})",
    R"({"insert": "patients", "documents": [{"ssn": ["CANARY"]}]})",
    R"({"insert": "patients", "documents": [{"ssn": {"x": "CANARY"}}]})",
    R"({"insert": "patients", "documents": [{"record": [{"note": "CANARY"}]}]})",
    R"({"insert": "patients", "documents": [{"record.note": "CANARY"}]})",
    R"({"insert": "patients", "documents": [{"ssn": NUMBER}]})",
    // Filters
    R"({"find": "patients", "filter": {"ssn": "CANARY"}})",
    R"({"find": "patients", "filter": {"ssn": {"$eq": "CANARY"}}})",
    R"({"find": "patients", "filter": {"ssn": {"$ne": "CANARY"}}})",
    R"({"find": "patients", "filter": {"ssn": {"$in": ["x", "CANARY"]}}})",
    R"({"find": "patients", "filter": {"ssn": {"$nin": ["CANARY"]}}})",
    R"({"find": "patients", "filter": {"ssn": {"$not": {"$eq": "CANARY"}}}})",
    R"({"find": "patients", "filter": {"ssn": {"$gt": "CANARY"}}})",
    R"({"find": "patients", "filter": {"ssn": {"$gte": "CANARY", "$lt": "x"}}})",
    R"({"find": "patients", "filter": {"ssn": {"$regex": "CANARY"}}})",
    R"({"find": "patients", "filter": {"ssn": {"$elemMatch": {"$eq": "CANARY"}}}})",
    R"({"find": "patients", "filter": {"ssn": {"$all": ["CANARY"]}}})",
    R"({"find": "patients", "filter": {"ssn": {"$unknown": "CANARY"}}})",
    R"({"find": "patients", "filter": {"ssn.x": "CANARY"}})",
    R"({"find": "patients", "filter": {"record": {"note": "CANARY"}}})",
    R"({"find": "patients", "filter": {"record": {"$eq": {"note": "CANARY"}}}})",
    R"({"find": "patients", "filter": {"record": {"$elemMatch": {"note": "CANARY"}}}})",
    R"({"find": "patients", "filter": {"record.note": "CANARY"}})",
    R"({"find": "patients", "filter": {"record.billing.number": "CANARY"}})",
    R"({"find": "patients", "filter": {"record.code": NUMBER}})",
    R"({"find": "patients", "filter": {"record.code": {"$mod": [NUMBER, 0]}}})",
    R"({"find": "patients", "filter": {"record.code": {"$bitsAllSet": NUMBER}}})",
    R"({"find": "patients", "filter": {"$and": [{"a": 1}, {"ssn": "CANARY"}]}})",
    R"({"find": "patients", "filter": {"$or": [{"a": 1}, {"record.code": NUMBER}]}})",
    R"({"find": "patients", "filter": {"$nor": [{"ssn": "CANARY"}]}})",
    R"({"find": "patients", "filter": {"$expr": {"$eq": ["$ssn", "CANARY"]}}})",
    R"({"find": "patients", "filter": {"$expr": {"$in": ["$ssn", ["CANARY"]]}}})",
    R"({"find": "patients", "filter": {"$expr": {"$gt": ["$ssn", "CANARY"]}}})",
    R"({"find": "patients", "filter": {"$expr": {"$eq": [{"$concat": ["$ssn", ""]}, "CANARY"]}}})",
    R"({"find": "patients", "filter": {"$expr": {"$eq": ["$ssn", "$$v"]}}, "let": {"v": "CANARY"}})",
    R"({"find": "patients", "filter": {"$where": "this.ssn == 'CANARY'"}})",
    R"({"find": "patients", "filter": {"$text": {"$search": "CANARY"}}})",
    R"({"find": "patients", "filter": {"$jsonSchema": {"properties": {"ssn": {"enum": ["CANARY"]}}}}})",
    R"({"find": "patients", "filter": {}, "min": {"ssn": "CANARY"}, "hint": {"ssn": 1}})",
    R"({"find": "patients", "filter": {}, "projection": {"x": {"$eq": ["$ssn", "CANARY"]}}})",
    R"({"find": "patients", "filter": {}, "unknown": {"ssn": "CANARY"}})",
    R"({"count": "patients", "query": {"ssn": "CANARY"}})",
    R"({"distinct": "patients", "key": "a", "query": {"ssn": "CANARY"}})",
    R"({"explain": {"find": "patients", "filter": {"ssn": "CANARY"}}})",
    R"({"delete": "patients", "deletes": [{"q": {"ssn": "CANARY"}, "limit": 1}]})",
    // Updates
    R"({"update": "patients", "updates": [{"q": {"ssn": "CANARY"}, "u": {"$set": {"a": 1}}}]})",
    R"({"update": "patients", "updates": [{"q": {"_id": 1}, "u": {"$set": {"ssn": "CANARY"}}}]})",
    R"({"update": "patients", "updates": [{"q": {"_id": 1}, "u": {"$set": {"record": {"note": "CANARY"}}}}]})",
    R"({"update": "patients", "updates": [{"q": {"_id": 1}, "u": {"$set": {"record": [{"note": "CANARY"}]}}}]})",
    R"({"update": "patients", "updates": [{"q": {"_id": 1}, "u": {"$set": {"ssn.x": "CANARY"}}}]})",
    R"({"update": "patients", "updates": [{"q": {"_id": 1}, "u": {"$set": {"ssn.$": "CANARY"}}}]})",
    R"({"update": "patients", "updates": [{"q": {"_id": 1}, "u": {"$set": {"record.$[i].note": "CANARY"}}, "arrayFilters": [{"i.note": "CANARY"}]}]})",
    R"({"update": "patients", "updates": [{"q": {"_id": 1}, "u": {"$setOnInsert": {"ssn": "CANARY"}}, "upsert": true}]})",
    R"({"update": "patients", "updates": [{"q": {"_id": 1}, "u": {"$push": {"ssn": "CANARY"}}}]})",
    R"({"update": "patients", "updates": [{"q": {"_id": 1}, "u": {"$addToSet": {"ssn": {"$each": ["CANARY"]}}}}]})",
    R"({"update": "patients", "updates": [{"q": {"_id": 1}, "u": {"$pull": {"ssn": "CANARY"}}}]})",
    R"({"update": "patients", "updates": [{"q": {"_id": 1}, "u": {"$pull": {"record": {"note": "CANARY"}}}}]})",
    R"({"update": "patients", "updates": [{"q": {"_id": 1}, "u": {"$max": {"ssn": "CANARY"}}}]})",
    R"({"update": "patients", "updates": [{"q": {"_id": 1}, "u": {"$inc": {"record.code": NUMBER}}}]})",
    R"({"update": "patients", "updates": [{"q": {"_id": 1}, "u": {"$bit": {"record.code": {"or": NUMBER}}}}]})",
    R"({"update": "patients", "updates": [{"q": {"_id": 1}, "u": {"ssn": "CANARY", "record": {"code": NUMBER}}}]})",
    R"({"update": "patients", "updates": [{"q": {"_id": 1}, "u": [{"$set": {"ssn": "CANARY"}}]}]})",
    R"({"update": "patients", "updates": [{"q": {"_id": 1}, "u": {"$set": {"a": 1}}, "c": {"ssn": "CANARY"}}]})",
    R"({"findAndModify": "patients", "query": {"ssn": "CANARY"}, "update": {"$set": {"record.code": NUMBER}}})",
    R"({"findAndModify": "patients", "query": {"_id": 1}, "update": {"ssn": "CANARY"}, "upsert": true})",
    R"({"bulkWrite": 1, "ops": [{"insert": 0, "document": {"ssn": "CANARY"}}], "nsInfo": [{"ns": "clinic.patients"}]})",
    // Pipelines
    R"({"aggregate": "patients", "pipeline": [{"$match": {"ssn": "CANARY"}}], "cursor": {}})",
    R"({"aggregate": "patients", "pipeline": [{"$match": {"$expr": {"$eq": ["$ssn", "CANARY"]}}}], "cursor": {}})",
    R"({"aggregate": "patients", "pipeline": [{"$project": {"x": {"$eq": ["$ssn", "CANARY"]}}}], "cursor": {}})",
    R"({"aggregate": "patients", "pipeline": [{"$addFields": {"x": {"$cond": [{"$eq": ["$record.code", NUMBER]}, 1, 2]}}}], "cursor": {}})",
    R"({"aggregate": "patients", "pipeline": [{"$set": {"x": "$ssn"}}, {"$match": {"x": "CANARY"}}], "cursor": {}})",
    R"({"aggregate": "patients", "pipeline": [{"$project": {"y": "$ssn"}}, {"$match": {"y": "CANARY"}}], "cursor": {}})",
    R"({"aggregate": "patients", "pipeline": [{"$group": {"_id": {"$eq": ["$ssn", "CANARY"]}}}], "cursor": {}})",
    R"({"aggregate": "patients", "pipeline": [{"$group": {"_id": "$a", "s": {"$push": "$ssn"}}}, {"$match": {"s": "CANARY"}}], "cursor": {}})",
    R"({"aggregate": "patients", "pipeline": [{"$replaceRoot": {"newRoot": "$record"}}, {"$match": {"note": "CANARY"}}], "cursor": {}})",
    R"({"aggregate": "patients", "pipeline": [{"$facet": {"f": [{"$match": {"ssn": "CANARY"}}]}}], "cursor": {}})",
    R"({"aggregate": "plain", "pipeline": [{"$lookup": {"from": "patients", "as": "p", "pipeline": [{"$match": {"ssn": "CANARY"}}]}}], "cursor": {}})",
    R"({"aggregate": "plain", "pipeline": [{"$lookup": {"from": "patients", "localField": "a", "foreignField": "ssn", "as": "p"}}, {"$match": {"p.ssn": "CANARY"}}], "cursor": {}})",
    R"({"aggregate": "plain", "pipeline": [{"$unionWith": {"coll": "patients", "pipeline": [{"$match": {"ssn": "CANARY"}}]}}], "cursor": {}})",
    R"({"aggregate": "plain", "pipeline": [{"$unionWith": "patients"}, {"$match": {"ssn": "CANARY"}}], "cursor": {}})",
    R"({"aggregate": "plain", "pipeline": [{"$graphLookup": {"from": "patients", "startWith": "CANARY", "connectFromField": "a", "connectToField": "ssn", "as": "p"}}], "cursor": {}})",
    R"({"aggregate": "patients", "pipeline": [{"$search": {"text": {"path": "ssn", "query": "CANARY"}}}], "cursor": {}})",
    R"({"aggregate": "patients", "pipeline": [{"$unknown": {"ssn": "CANARY"}}], "cursor": {}})",
    R"({"aggregate": 1, "pipeline": [{"$documents": [{"ssn": "CANARY"}]}], "cursor": {}})",
    R"({"explain": {"aggregate": "patients", "pipeline": [{"$match": {"ssn": "CANARY"}}], "cursor": {}}})",
    // Definitions and the rest
    R"({"createIndexes": "patients", "indexes": [{"key": {"a": 1}, "name": "a", "partialFilterExpression": {"ssn": "CANARY"}}]})",
    R"({"collMod": "patients", "validator": {"ssn": "CANARY"}})",
    R"({"collMod": "patients", "validator": {"$jsonSchema": {"properties": {"ssn": {"enum": ["CANARY"]}}}}})",
    R"({"mapReduce": "patients", "query": {"ssn": "CANARY"}, "map": "x", "reduce": "y", "out": "z"})",
    R"({"geoNear": "patients", "query": {"ssn": "CANARY"}})",
};

bson::Document with_canaries(std::string_view command) {
  std::string text(command);
  const auto replace = [&text](std::string_view what, const std::string& by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
      text.replace(at, what.size(), by);
    }
  };
  replace("CANARY", std::string(kText));
  replace("NUMBER", std::to_string(kNumber));
  return bson::from_json(text);
}

class CanaryTest : public ClinicTest {
 protected:
  CanaryTest() {
    create_patients();
    run(R"({"insert": "plain", "documents": [{"_id": 1, "a": 1}]})");
    store_le(number_bytes, kNumber);
    stack->wire.take_calls();
  }

  bool holds_canary(BytesView bytes) const {
    return holds(bytes, as_bytes(kText)) || holds(bytes, number_bytes);
  }

  std::uint8_t number_bytes[4];
};

TEST_F(CanaryTest, NoCommandCarriesAnEncryptedFieldsValueInTheClear) {
  int encrypted = 0;
  int refused = 0;
  for (const std::string_view text : kCommands) {
    const bson::Document command = with_canaries(text);
    ASSERT_TRUE(holds_canary(command.bytes())) << text;
    try {
      stack->encrypting.run("clinic", command);
      ++encrypted;
    } catch (const Error& error) {
      ++refused;
      EXPECT_EQ(std::string_view(error.what()).find(kText), std::string_view::npos)
          << "the refusal quotes the value: " << error.what();
    }
    for (const auto& call : stack->wire.take_calls()) {
      EXPECT_FALSE(holds_canary(call.command.bytes()))
          << text << "\nleft as " << bson::to_json(call.command);
    }
  }
  // Both happen, or this test would show nothing.
  EXPECT_GT(encrypted, 20);
  EXPECT_GT(refused, 20);
}

TEST_F(CanaryTest, NoFileHoldsOneAfterwards) {
  for (const std::string_view text : kCommands) {
    try {
      stack->encrypting.run("clinic", with_canaries(text));
    } catch (const Error&) {
      // refused: the other test looks at that
    }
  }
  stack.reset();
  EXPECT_FALSE(holds(directory, as_bytes(kText)));
}

}  // namespace
}  // namespace quern::product
