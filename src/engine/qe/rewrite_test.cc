// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/rewrite.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "engine/qe/testing/encrypted_collection.h"
#include "protocol/find_equality_payload.h"

namespace quern::engine::qe {
namespace {

using bson::array;
using bson::doc;
using bson::Document;
using bson::Value;
using testing::code_of;

class Rewrite : public testing::EncryptedCollection {
 protected:
  using EncryptedCollection::EncryptedCollection;

  Document rewrite(const Document& filter) {
    return transact([&](Operation& op) { return rewrite_filter(op, ns, fields, filter); });
  }

  // Inserts a document and remembers its tag.
  Value inserted(std::string_view ssn) {
    const Document stored = insert(doc("_id", next_id_++, "ssn", insert_payload(ssn, contention)));
    return Value(stored["__safeContent__"].as_array().front().value());
  }
  Value inserted(std::int64_t number) {
    const Document stored =
        insert(doc("_id", next_id_++, "card", doc("number", insert_payload(number))));
    return Value(stored["__safeContent__"].as_array().front().value());
  }

  // {__safeContent__: {$elemMatch: {$in: tags}}}, or its negation for $nin. Tags come in their
  // order.
  template <class... Tags>
  static Document condition(std::string_view op, const Tags&... tags) {
    std::vector<Value> sorted{tags...};
    std::sort(sorted.begin(), sorted.end(), [](const Value& a, const Value& b) {
      return as_text(a.view().bytes()) < as_text(b.view().bytes());
    });
    bson::Builder in;
    in.open_array("$in");
    for (const Value& tag : sorted) in.push(tag.view());
    const Document match = doc("$elemMatch", in.close().finish());
    return doc("__safeContent__", op == "$in" ? match : doc("$not", match));
  }

  static std::string json(const Document& document) { return bson::to_json(document); }

 private:
  int next_id_ = 1;
};

class RewriteWithContention : public Rewrite {
 protected:
  RewriteWithContention() : Rewrite(8) {}
};

#define EXPECT_REWRITTEN(filter, expected) EXPECT_EQ(json(rewrite(filter)), json(expected))

TEST_F(Rewrite, LeavesFiltersWithoutPayloadsAlone) {
  const Document filter = bson::from_json(R"({"a": {"$gt": 1}, "$or": [{"b": 1}, {"c": null}],
      "ssn": {"$not": {"$gt": 1}}, "$expr": {"$not": [{"$eq": ["$a", 1]}]}})");
  EXPECT_REWRITTEN(filter, filter);
}

TEST_F(Rewrite, OfAnEqualityAsksForEveryTagOfTheValue) {
  const Value a1 = inserted("a");
  inserted("b");
  const Value a2 = inserted("a");
  EXPECT_REWRITTEN(doc("ssn", find_payload("a")), condition("$in", a1, a2));
  EXPECT_REWRITTEN(doc("ssn", doc("$eq", find_payload("a"))), condition("$in", a1, a2));
}

TEST_F(Rewrite, OfAValueNeverInsertedMatchesNothing) {
  EXPECT_REWRITTEN(doc("ssn", find_payload("a")), condition("$in"));
}

TEST_F(Rewrite, OfAListAsksForTheTagsOfAll) {
  const Value a = inserted("a");
  const Value b = inserted("b");
  EXPECT_REWRITTEN(doc("ssn", doc("$in", array(find_payload("a"), find_payload("b")))),
                   condition("$in", a, b));
}

TEST_F(Rewrite, NegatesNeAndNin) {
  const Value a = inserted("a");
  EXPECT_REWRITTEN(doc("ssn", doc("$ne", find_payload("a"))), condition("$nin", a));
  EXPECT_REWRITTEN(doc("ssn", doc("$nin", array(find_payload("a")))), condition("$nin", a));
}

TEST_F(Rewrite, OfNotIsANor) {
  const Value a = inserted("a");
  EXPECT_REWRITTEN(doc("ssn", doc("$not", doc("$eq", find_payload("a")))),
                   doc("$nor", array(condition("$in", a))));
}

TEST_F(Rewrite, KeepsOtherConditionsOnTheFieldAndBesideIt) {
  const Value a = inserted("a");
  EXPECT_REWRITTEN(doc("x", 1, "ssn", doc("$exists", true, "$eq", find_payload("a"))),
                   doc("x", 1, "ssn", doc("$exists", true), "__safeContent__",
                       doc("$elemMatch", doc("$in", array(a)))));
}

TEST_F(Rewrite, OfTwoFieldsIsAnAnd) {
  const Value a = inserted("a");
  const Value number = inserted(std::int64_t{7});
  EXPECT_REWRITTEN(doc("ssn", find_payload("a"), "card.number", find_payload(std::int64_t{7})),
                   doc("$and", array(condition("$in", a), condition("$in", number))));
}

TEST_F(Rewrite, GoesIntoAndOrNor) {
  const Value a = inserted("a");
  for (const char* op : {"$and", "$or", "$nor"}) {
    EXPECT_REWRITTEN(doc(op, array(doc("x", 1), doc("ssn", find_payload("a")))),
                     doc(op, array(doc("x", 1), condition("$in", a))));
  }
}

TEST_F(Rewrite, OfExprUsesTheIndexWhereItCan) {
  const Value a = inserted("a");
  EXPECT_REWRITTEN(doc("$expr", doc("$eq", array("$ssn", find_payload("a")))), condition("$in", a));
  EXPECT_REWRITTEN(doc("$expr", doc("$ne", array(find_payload("a"), "$ssn"))),
                   condition("$nin", a));
  EXPECT_REWRITTEN(doc("$expr", doc("$in", array("$ssn", array(find_payload("a"))))),
                   condition("$in", a));
  EXPECT_REWRITTEN(doc("$expr", doc("$not", array(doc("$eq", array("$ssn", find_payload("a")))))),
                   doc("$nor", array(condition("$in", a))));
  EXPECT_REWRITTEN(
      doc("$expr", doc("$or", array("$x", doc("$eq", array("$ssn", find_payload("a")))))),
      doc("$or", array(doc("$expr", "$x"), condition("$in", a))));
}

TEST_F(Rewrite, OfExprInsideOtherOperatorsTestsTheTagsAgainstOneConstant) {
  const Value a = inserted("a");
  const Value a2 = inserted("a");
  const Document in = condition("$in", a, a2);
  const Value tags(in.view().at_path("__safeContent__.$elemMatch.$in"));
  const Document test =
      doc("$anyElementTrue",
          array(doc("$map", doc("input", doc("$ifNull", array("$__safeContent__", array())), "as",
                                "tag", "in", doc("$in", array("$$tag", tags))))));
  const auto cond = [](const Document& comparison) {
    return doc("$expr", doc("$cond", array(comparison, true, "$x")));
  };
  EXPECT_REWRITTEN(cond(doc("$eq", array("$ssn", find_payload("a")))), cond(test));
  EXPECT_REWRITTEN(cond(doc("$ne", array("$ssn", find_payload("a")))),
                   cond(doc("$not", array(test))));
}

TEST_F(Rewrite, OfExprFindsAComparisonThatIsComparedItself) {
  const Value a = inserted("a");
  const Document rewritten =
      rewrite(doc("$expr", doc("$eq", array(doc("$eq", array("$ssn", find_payload("a"))), true))));
  const auto sides = rewritten.view().at_path("$expr.$eq").as_array();
  EXPECT_TRUE(sides.front().as_document().contains("$anyElementTrue"));
  EXPECT_TRUE((*++sides.begin()).as_bool());
}

TEST_F(Rewrite, OfExprLeavesWhatIsNoComparisonToTheEvaluation) {
  const Value a = find_payload("a");
  for (const Document& expression :
       {doc("$in", array("$ssn", array(a), 1)), doc("$in", array("$ssn", doc("x", a))),
        doc("$eq", array("$ssn", a, 1)), doc("$eq", a),
        doc("$eq", array("$ssn", a), "$ne", array("$ssn", a)), doc("$add", array("$ssn", a))}) {
    const Document filter = doc("$expr", expression);
    EXPECT_REWRITTEN(filter, filter);
  }
}

TEST_F(Rewrite, OfExprRefusesEveryComparisonOfOrder) {
  const Value a = find_payload("a");
  for (const char* op : {"$gt", "$gte", "$lt", "$lte", "$cmp"}) {
    for (const Value& constant : {a, Value(doc("$literal", a).view().as_value())}) {
      const Document filter = doc("$expr", doc(op, array("$ssn", constant)));
      EXPECT_EQ(code_of([&] { rewrite(filter); }), 7292600) << op;
    }
  }
}

TEST_F(Rewrite, LeavesPayloadsInOtherPlacesAlone) {
  const Document filter = doc("ssn", doc("$elemMatch", doc("$eq", find_payload("a"))));
  EXPECT_REWRITTEN(filter, filter);
}

TEST_F(Rewrite, RefusesWhatItCannotAnswer) {
  const auto refused = [&](const Document& filter) { return code_of([&] { rewrite(filter); }); };
  const Value a = find_payload("a");
  EXPECT_EQ(refused(doc("ssn", doc("$in", array(a, "plain")))), 6329400);
  EXPECT_EQ(refused(doc("ssn", doc("$gt", a))), 7292600);
  EXPECT_EQ(refused(doc("ssn", binary(Bytes{5, 0}))), 7292602);
  EXPECT_EQ(refused(doc("ssn", binary(Bytes{13, 0}))), 7292601);
  EXPECT_EQ(refused(doc("ssn", binary(Bytes{18, 0}))), 10112800);
  EXPECT_EQ(refused(doc("ssn", doc("$lt", binary(Bytes{13, 0})))), 115);
  EXPECT_EQ(refused(doc("unknown", a)), 9188709);
  EXPECT_EQ(refused(doc("notes", a)), 9188707);
  EXPECT_EQ(refused(doc("ssn", binary(crypto::find_equality_payload(key1, Value::of("a"), 3)))),
            9188701);
  EXPECT_EQ(refused(doc("$expr", doc("$eq", array("$$NOW", a)))), 6672413);
  EXPECT_EQ(refused(doc("$expr", doc("$eq", array(a, a)))), 6334100);
  EXPECT_EQ(refused(doc("$expr", doc("$in", array(1, array(a))))), 6672417);
  EXPECT_EQ(refused(doc("$expr", doc("$in", array("$ssn", array(a, 1))))), 6334102);
}

TEST_F(RewriteWithContention, FindsTheTagsOfEveryContentionFactor) {
  std::vector<std::string> expected;
  for (int i = 0; i < 40; ++i) {
    expected.push_back(to_base64(inserted("a").view().as_binary().bytes));
  }
  const Document rewritten = rewrite(doc("ssn", find_payload("a")));
  std::vector<std::string> found;
  for (const auto& tag : rewritten.view().at_path("__safeContent__.$elemMatch.$in").as_array()) {
    found.push_back(to_base64(tag.as_binary().bytes));
  }
  EXPECT_THAT(found, ::testing::UnorderedElementsAreArray(expected));
}

// A fixture for pipelines: "people" is encrypted, "plain" isn't.
class RewritePipeline : public Rewrite {
 protected:
  Value rewrite_stages(const Value& stages, const std::string& collection = "people") {
    const Document command = doc("aggregate", collection, "encryptionInformation",
                                 doc("type", 1, "schema", doc("db.people", schema_document())));
    return transact([&](Operation& op) {
      auto information = EncryptionInformation::parse(command);
      return rewrite_pipeline(op, {"db", collection}, *information, stages.view().as_array());
    });
  }
  static std::string json(const Value& stages) { return bson::to_json(doc("stages", stages)); }
};

TEST_F(RewritePipeline, RewritesMatchStagesOnly) {
  const Value a = inserted("a");
  const Value stages = array(doc("$match", doc("ssn", find_payload("a"))), doc("$count", "n"));
  EXPECT_EQ(json(rewrite_stages(stages)),
            json(array(doc("$match", condition("$in", a)), doc("$count", "n"))));
}

TEST_F(RewritePipeline, GoesIntoJoinsWithTheSchemaOfTheJoinedCollection) {
  const Value a = inserted("a");
  const auto lookup = [](const Document& match) {
    return array(doc(
        "$lookup", doc("from", "people", "pipeline", array(doc("$match", match)), "as", "people")));
  };
  EXPECT_EQ(json(rewrite_stages(lookup(doc("ssn", find_payload("a"))), "plain")),
            json(lookup(condition("$in", a))));
}

TEST_F(RewritePipeline, GoesIntoFacets) {
  const Value a = inserted("a");
  const auto facet = [](const Document& match) {
    return array(doc("$facet", doc("one", array(doc("$match", match)))));
  };
  EXPECT_EQ(json(rewrite_stages(facet(doc("ssn", find_payload("a"))))),
            json(facet(condition("$in", a))));
}

TEST_F(RewritePipeline, RefusesPayloadsForACollectionWithoutASchema) {
  EXPECT_EQ(code_of([&] {
              rewrite_stages(array(doc("$match", doc("ssn", find_payload("a")))), "plain");
            }),
            10026006);
}

}  // namespace
}  // namespace quern::engine::qe
