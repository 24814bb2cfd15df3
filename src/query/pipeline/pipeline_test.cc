// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/pipeline/pipeline.h"

#include <gtest/gtest.h>

#include "base/testing/error_of.h"
#include "quern/base/error.h"
#include "quern/bson/json.h"

namespace quern::query {
namespace {

std::vector<bson::Document> documents(const std::string& json_array) {
  const bson::Document wrapped = bson::from_json(R"({"d":)" + json_array + "}");
  std::vector<bson::Document> result;
  for (const bson::Element& d : wrapped["d"].as_array()) result.emplace_back(d.as_document());
  return result;
}

std::string text(DocumentStream& stream) {
  bson::Builder out;
  out.open_array("d");
  while (const auto document = stream.next()) out.push(*document);
  out.close();
  return bson::to_json(out.finish(), bson::JsonMode::kCanonical);
}

std::string run(const std::string& stages, const std::string& input, PipelineContext context = {}) {
  const bson::Document spec = bson::from_json(R"({"p":)" + stages + "}");
  const Pipeline pipeline = Pipeline::parse(spec["p"].as_array(), context);
  return text(*pipeline.attach(stream_of(documents(input))));
}

std::string normal(const std::string& json_array) {
  return bson::to_json(bson::from_json(R"({"d":)" + json_array + "}"), bson::JsonMode::kCanonical);
}

std::int32_t error_of(const std::string& stages, const std::string& input = "[{}]") {
  try {
    run(stages, input);
  } catch (const Error& error) {
    return error.code();
  }
  return 0;
}

struct Case {
  const char* stages;
  const char* input;
  const char* expected;
};
void check(std::initializer_list<Case> cases) {
  for (const Case& c : cases) {
    try {
      EXPECT_EQ(run(c.stages, c.input), normal(c.expected)) << c.stages;
    } catch (const Error& error) {
      ADD_FAILURE() << c.stages << ": " << error.what();
    }
  }
}

constexpr const char* kSales = R"([{"_id":1,"item":"a","n":2},{"_id":2,"item":"b","n":5},
    {"_id":3,"item":"a","n":3},{"_id":4,"item":"c"}])";

TEST(Pipeline, StagesFollowOneAnother) {
  check({
      {"[]", R"([{"a":1}])", R"([{"a":1}])"},
      {R"([{"$match":{"item":"a"}},{"$sort":{"n":-1}},{"$limit":1}])", kSales,
       R"([{"_id":3,"item":"a","n":3}])"},
      {R"([{"$sort":{"_id":-1}},{"$skip":1},{"$limit":2},{"$project":{"_id":1}}])", kSales,
       R"([{"_id":3},{"_id":2}])"},
      {R"([{"$count":"total"}])", kSales, R"([{"total":4}])"},
      {R"([{"$match":{"item":"z"}},{"$count":"total"}])", kSales, R"([])"},
      {R"([{"$addFields":{"m":{"$multiply":["$n",2]}}},{"$match":{"m":{"$gt":6}}},{"$project":{"m":1,"_id":0}}])",
       kSales, R"([{"m":10}])"},
      {R"([{"$unset":["n","item"]},{"$limit":1}])", kSales, R"([{"_id":1}])"},
      {R"([{"$replaceRoot":{"newRoot":{"x":"$_id"}}},{"$limit":1}])", kSales, R"([{"x":1}])"},
  });
}

TEST(Group, AccumulatesForEachKey) {
  check({
      {R"([{"$group":{"_id":"$item","sum":{"$sum":"$n"},"count":{"$sum":1},"avg":{"$avg":"$n"},
          "min":{"$min":"$n"},"max":{"$max":"$n"},"first":{"$first":"$_id"},"last":{"$last":"$_id"},
          "all":{"$push":"$n"},"set":{"$addToSet":"$item"},"c":{"$count":{}}}},{"$sort":{"_id":1}}])",
       kSales,
       R"([{"_id":"a","sum":5,"count":2,"avg":2.5,"min":2,"max":3,"first":1,"last":3,"all":[2,3],"set":["a"],"c":2},
           {"_id":"b","sum":5,"count":1,"avg":5.0,"min":5,"max":5,"first":2,"last":2,"all":[5],"set":["b"],"c":1},
           {"_id":"c","sum":0,"count":1,"avg":null,"min":null,"max":null,"first":4,"last":4,"all":[],"set":["c"],"c":1}])"},
      {R"([{"$group":{"_id":null,"n":{"$sum":"$n"}}}])", kSales, R"([{"_id":null,"n":10}])"},
      {R"([{"$group":{"_id":{"i":"$item","x":"$nothing"}}},{"$count":"n"}])", kSales,
       R"([{"n":3}])"},
      {R"([{"$group":{"_id":"$k"}},{"$sort":{"_id":1}}])",
       R"([{"k":1},{"k":1.0},{"k":{"$numberLong":"1"}},{}])", R"([{"_id":null},{"_id":1}])"},
      {R"([{"$group":{"_id":null,"s":{"$sum":"$n"}}}])", R"([{"n":2147483647},{"n":1},{"n":"x"}])",
       R"([{"_id":null,"s":{"$numberLong":"2147483648"}}])"},
      {R"([{"$group":{"_id":null,"p":{"$stdDevPop":"$n"},"s":{"$stdDevSamp":"$n"}}}])",
       R"([{"n":2},{"n":4},{"n":4},{"n":4},{"n":5},{"n":5},{"n":7},{"n":9}])",
       R"([{"_id":null,"p":2.0,"s":2.138089935299395}])"},
      {R"([{"$group":{"_id":null,"m":{"$mergeObjects":"$o"}}}])",
       R"([{"o":{"a":1}},{"o":{"b":2}},{"o":{"a":3}}])", R"([{"_id":null,"m":{"a":3,"b":2}}])"},
      {R"([{"$sortByCount":"$item"},{"$limit":1}])", kSales, R"([{"_id":"a","count":2}])"},
  });
}

TEST(Group, ManyGroupsKeepTheirOwnState) {
  std::vector<bson::Document> input;
  for (int i = 0; i < 3000; ++i) input.push_back(bson::doc("k", i % 1000, "v", i));
  const bson::Document spec = bson::from_json(
      R"({"p":[{"$group":{"_id":"$k","s":{"$sum":"$v"},"n":{"$sum":1}}},{"$sort":{"_id":1}}]})");
  const auto out = Pipeline::parse(spec["p"].as_array()).attach(stream_of(std::move(input)));
  for (int k = 0; k < 1000; ++k) {
    const auto group = out->next();
    ASSERT_TRUE(group);
    EXPECT_EQ((*group)["_id"].as_int32(), k);
    EXPECT_EQ((*group)["s"].as_int32(), k + (k + 1000) + (k + 2000));
    EXPECT_EQ((*group)["n"].as_int32(), 3);
  }
  EXPECT_FALSE(out->next());
}

TEST(Group, MergedObjectsKeepTheLastValueOfEachNameAndAreCounted) {
  check({{R"([{"$group":{"_id":null,"m":{"$mergeObjects":"$o"}}}])",
          R"([{"o":{"b":"x","a":1}},{"o":null},{"o":{"a":[1,2],"c":{}}},{"o":{"b":"longer"}}])",
          R"([{"_id":null,"m":{"b":"longer","a":[1,2],"c":{}}}])"}});
  PipelineContext context;
  context.memory_limit = 100'000;
  const auto merged = [&](int names) {
    std::vector<bson::Document> input;
    for (int i = 0; i < 2000; ++i) {
      input.push_back(bson::doc("o", bson::doc(std::to_string(i % names), std::string(50, 'x'))));
    }
    const bson::Document spec = bson::from_json(
        R"({"p":[{"$group":{"_id":null,"m":{"$mergeObjects":"$o"}}},{"$replaceWith":"$m"}]})");
    const auto out =
        Pipeline::parse(spec["p"].as_array(), context).attach(stream_of(std::move(input)));
    return out->next()->count();
  };
  EXPECT_EQ(merged(100), 100U);
  EXPECT_EQ(quern::error_of([&] { merged(2000); }).code(),
            static_cast<std::int32_t>(ErrorCode::kExceededMemoryLimit));
}

TEST(Unwind, GivesADocumentForEachMember) {
  constexpr const char* kInput =
      R"([{"_id":1,"a":[1,2]},{"_id":2,"a":[]},{"_id":3},{"_id":4,"a":7}])";
  check({
      {R"([{"$unwind":"$a"}])", kInput, R"([{"_id":1,"a":1},{"_id":1,"a":2},{"_id":4,"a":7}])"},
      {R"([{"$unwind":{"path":"$a","preserveNullAndEmptyArrays":true,"includeArrayIndex":"i"}}])",
       kInput,
       R"([{"_id":1,"a":1,"i":{"$numberLong":"0"}},{"_id":1,"a":2,"i":{"$numberLong":"1"}},{"_id":2,"i":null},
           {"_id":3,"i":null},{"_id":4,"a":7,"i":null}])"},
      {R"([{"$unwind":"$a.b"}])", R"([{"a":{"b":[1,2],"c":3}}])",
       R"([{"a":{"b":1,"c":3}},{"a":{"b":2,"c":3}}])"},
  });
  EXPECT_EQ(error_of(R"([{"$unwind":"a"}])"), 28818);
  EXPECT_EQ(error_of(R"([{"$unwind":5}])"), 15981);
}

PipelineContext with_collection(const char* name, const char* content) {
  PipelineContext context;
  context.lookup = [name, content](std::string_view collection, const Pipeline& sub) {
    EXPECT_EQ(collection, name);
    return sub.attach(stream_of(documents(content)));
  };
  return context;
}

TEST(Lookup, JoinsByEqualityOfFields) {
  const PipelineContext context =
      with_collection("items", R"([{"_id":"a","p":1},{"_id":"b","p":2},{"_id":null}])");
  EXPECT_EQ(
      run(R"([{"$lookup":{"from":"items","localField":"item","foreignField":"_id","as":"i.x"}}])",
          R"([{"item":"a"},{"item":["a","b"]},{}])", context),
      normal(R"([{"item":"a","i":{"x":[{"_id":"a","p":1}]}},
                       {"item":["a","b"],"i":{"x":[{"_id":"a","p":1},{"_id":"b","p":2}]}},
                       {"i":{"x":[{"_id":null}]}}])"));
}

TEST(Lookup, AnArrayStandsForItsMembersAndAnEmptyOneForNull) {
  const PipelineContext context = with_collection(
      "items",
      R"([{"_id":1,"f":null},{"_id":2},{"_id":3,"f":["a"]},{"_id":4,"f":"a"},{"_id":5,"f":[]},
                   {"_id":6,"f":[["a"]]}])");
  const auto ids = [&](const char* local) {
    return run(R"([{"$lookup":{"from":"items","localField":"l","foreignField":"f","as":"i"}},
                   {"$project":{"r":"$i._id"}}])",
               std::string("[{\"l\":") + local + "}]", context);
  };
  EXPECT_EQ(ids("[]"), normal(R"([{"r":[1,2]}])"));
  EXPECT_EQ(ids("null"), normal(R"([{"r":[1,2]}])"));
  EXPECT_EQ(ids("[null]"), normal(R"([{"r":[1,2]}])"));
  EXPECT_EQ(ids(R"([["a"]])"), normal(R"([{"r":[3,6]}])"));
  EXPECT_EQ(ids(R"([[["a"]]])"), normal(R"([{"r":[6]}])"));
  EXPECT_EQ(ids(R"(["a"])"), normal(R"([{"r":[3,4]}])"));
}

TEST(Lookup, RunsAPipelineWithVariablesOfTheOuterDocument) {
  const PipelineContext context =
      with_collection("items", R"([{"_id":1,"p":1},{"_id":2,"p":2},{"_id":3,"p":3}])");
  EXPECT_EQ(run(R"([{"$lookup":{"from":"items","let":{"least":"$min"},
                    "pipeline":[{"$match":{"$expr":{"$gte":["$p","$$least"]}}},{"$project":{"p":1,"_id":0}}],
                    "as":"i"}}])",
                R"([{"min":2},{"min":9}])", context),
            normal(R"([{"min":2,"i":[{"p":2},{"p":3}]},{"min":9,"i":[]}])"));
  const bson::Document spec = bson::from_json(
      R"({"p":[{"$lookup":{"from":"x","pipeline":[{"$lookup":{"from":"y","pipeline":[],"as":"b"}}],"as":"a"}}]})");
  EXPECT_EQ(Pipeline::parse(spec["p"].as_array(), context).joined_collections(),
            (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(error_of(R"([{"$lookup":{"from":"x","as":"a"}}])"), 9);
  EXPECT_EQ(error_of(R"([{"$lookup":{"from":"x","localField":"a","as":"a"}}])"), 9);
  EXPECT_EQ(error_of(R"([{"$lookup":{"from":"x","pipeline":[{"$foo":1}],"as":"a"}}])"), 40324);
}

TEST(Lookup, AVariableWithoutAValueIsMissing) {
  const PipelineContext context = with_collection("items", R"([{"_id":1}])");
  EXPECT_EQ(run(R"([{"$lookup":{"from":"items","let":{"v":"$v"},"as":"i","pipeline":[
                    {"$project":{"type":{"$type":"$$v"},"v":"$$v","w":"$$v.w"}}]}}])",
                R"([{},{"v":{"w":3}}])", context),
            normal(R"([{"i":[{"_id":1,"type":"missing"}]},
                       {"v":{"w":3},"i":[{"_id":1,"type":"object","v":{"w":3},"w":3}]}])"));
}

TEST(Lookup, AnInnerLookupSeesTheVariablesOutsideAndHidesThoseOfItsOwnNames) {
  const PipelineContext context = with_collection("items", R"([{"_id":1}])");
  EXPECT_EQ(run(R"([{"$lookup":{"from":"items","let":{"v":"$v","w":"$w"},"as":"i","pipeline":[
                    {"$lookup":{"from":"items","let":{"w":"$_id"},"as":"j","pipeline":[
                      {"$project":{"_id":0,"v":{"$type":"$$v"},"w":"$$w"}}]}}]}}])",
                R"([{},{"w":7,"v":7}])", context),
            normal(R"([{"i":[{"_id":1,"j":[{"v":"missing","w":1}]}]},
                       {"w":7,"v":7,"i":[{"_id":1,"j":[{"v":"int","w":1}]}]}])"));
}

TEST(Lookup, AValueOfTheDocumentIsNoOperator) {
  const PipelineContext context = with_collection("items", R"([{"_id":{"$a":1}},{"_id":"x"},
          {"_id":{"$regularExpression":{"pattern":"x","options":""}}}])");
  constexpr const char* kStages =
      R"([{"$lookup":{"from":"items","localField":"k","foreignField":"_id","as":"i"}}])";
  EXPECT_EQ(run(kStages, R"([{"k":{"$a":1}},{"k":{"$gt":""}}])", context),
            normal(R"([{"k":{"$a":1},"i":[{"_id":{"$a":1}}]},{"k":{"$gt":""},"i":[]}])"));
  EXPECT_EQ(run(kStages, R"([{"k":{"$regularExpression":{"pattern":"x","options":""}}}])", context),
            normal(R"([{"k":{"$regularExpression":{"pattern":"x","options":""}},
                        "i":[{"_id":{"$regularExpression":{"pattern":"x","options":""}}}]}])"));
}

TEST(Facet, RunsSeveralPipelinesOverTheSameDocuments) {
  check(
      {{R"([{"$facet":{"n":[{"$count":"n"}],"top":[{"$sort":{"_id":-1}},{"$limit":1},{"$project":{"_id":1}}]}}])",
        kSales, R"([{"n":[{"n":4}],"top":[{"_id":4}]}])"}});
  EXPECT_EQ(error_of(R"([{"$facet":{"a":[{"$facet":{"b":[]}}]}}])"), 40600);
}

TEST(Pipeline, TheLeadingStagesAreShownToThePlanner) {
  const bson::Document spec = bson::from_json(
      R"({"p":[{"$match":{"a":1}},{"$sort":{"b":1}},{"$limit":3},{"$count":"n"}]})");
  const Pipeline pipeline = Pipeline::parse(spec["p"].as_array());
  const Pipeline::Leading leading = pipeline.leading();
  ASSERT_NE(leading.match, nullptr);
  EXPECT_EQ(leading.match->filter()["a"].as_int32(), 1);
  ASSERT_NE(leading.sort, nullptr);
  EXPECT_EQ(leading.limit, 3);
  EXPECT_EQ(text(*pipeline.attach(stream_of(documents(R"([{"b":9},{"b":1}])")), {true, true})),
            normal(R"([{"n":2}])"));
}

TEST(Pipeline, FaultyStagesAreRefused) {
  EXPECT_EQ(error_of(R"([{"$foo":1}])"), 40324);
  EXPECT_EQ(error_of(R"([{"$out":"x"}])"), 40324);
  EXPECT_EQ(error_of(R"([{"$match":1}])"), 15959);
  EXPECT_EQ(error_of(R"([{"$limit":0}])"), 15958);
  EXPECT_EQ(error_of(R"([{"$limit":-1}])"), 5107201);
  EXPECT_EQ(error_of(R"([{"$skip":-1}])"), 5107200);
  EXPECT_EQ(error_of(R"([{"$match":{},"$limit":1}])"), 40323);
  EXPECT_EQ(error_of(R"([{"$group":{"a":{"$sum":1}}}])"), 15955);
  EXPECT_EQ(error_of(R"([{"$group":{"_id":1,"a":{"$foo":1}}}])"), 15952);
  EXPECT_EQ(error_of(R"([{"$group":{"_id":1,"a":{"$firstN":{"n":1,"input":"$p"}}}}])"), 15952);
  EXPECT_EQ(error_of(R"([{"$group":{"_id":1,"a":1}}])"), 40234);
  EXPECT_EQ(error_of(R"([{"$group":{"_id":1,"a.b":{"$sum":1}}}])"), 40235);
  EXPECT_EQ(error_of(R"([{"$replaceWith":5}])"), 40228);
  EXPECT_EQ(error_of(R"([{"$count":""}])"), 40157);
  EXPECT_EQ(error_of(R"([{"$sort":{}}])"), 15976);
}

TEST(Pipeline, BlockingStagesHaveAMemoryLimit) {
  PipelineContext context;
  context.memory_limit = 10'000;
  std::string input = "[";
  for (int i = 0; i < 200; ++i) {
    input += (i ? "," : "") + std::string(R"({"_id":)") + std::to_string(i) + R"(,"t":")" +
             std::string(200, 'x') + "\"}";
  }
  input += "]";
  for (const char* stages :
       {R"([{"$sort":{"_id":-1}}])", R"([{"$group":{"_id":"$_id"}}])",
        R"([{"$group":{"_id":null,"a":{"$push":"$t"}}}])", R"([{"$facet":{"a":[]}}])"}) {
    try {
      run(stages, input, context);
      ADD_FAILURE() << stages;
    } catch (const Error& error) {
      EXPECT_TRUE(error.is(ErrorCode::kExceededMemoryLimit)) << stages;
    }
  }
  EXPECT_NO_THROW(run(R"([{"$sort":{"_id":-1}},{"$limit":3}])", input, context));
}

}  // namespace
}  // namespace quern::query
