// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/pipeline/projection.h"

#include <gtest/gtest.h>

#include "quern/base/error.h"
#include "quern/bson/json.h"

namespace quern::query {
namespace {

std::string normal(const std::string& json) {
  return bson::to_json(bson::from_json(json), bson::JsonMode::kCanonical);
}

std::string project(const std::string& spec, const std::string& document,
                    const std::string& filter = "{}") {
  const bson::Document s = bson::from_json(spec);
  const bson::Document d = bson::from_json(document);
  const Matcher matcher = Matcher::parse(bson::from_json(filter));
  return bson::to_json(Projection::parse(s, &matcher).apply(d), bson::JsonMode::kCanonical);
}

std::string add_fields(const std::string& spec, const std::string& document) {
  const bson::Document s = bson::from_json(spec);
  const bson::Document d = bson::from_json(document);
  return bson::to_json(Projection::parse_add_fields(s).apply(d), bson::JsonMode::kCanonical);
}

std::int32_t error_of(const std::string& spec, const std::string& document = "{}") {
  try {
    project(spec, document);
  } catch (const Error& error) {
    return error.code();
  }
  return 0;
}

struct Case {
  const char* spec;
  const char* document;
  const char* expected;
};
void check(std::initializer_list<Case> cases) {
  for (const Case& c : cases) {
    EXPECT_EQ(project(c.spec, c.document), normal(c.expected)) << c.spec << " on " << c.document;
  }
}

TEST(Projection, InclusionKeepsNamedFieldsAndTheId) {
  check({
      {R"({})", R"({"_id":1,"a":1})", R"({"_id":1,"a":1})"},
      {R"({"a":1})", R"({"_id":1,"b":2,"a":1})", R"({"_id":1,"a":1})"},
      {R"({"a":1,"_id":0})", R"({"_id":1,"a":1,"b":2})", R"({"a":1})"},
      {R"({"_id":1})", R"({"_id":1,"a":1})", R"({"_id":1})"},
      {R"({"b":1,"a":1})", R"({"a":1,"b":2})", R"({"a":1,"b":2})"},
      {R"({"a.b":1})", R"({"a":{"b":1,"c":2},"x":1})", R"({"a":{"b":1}})"},
      {R"({"a":{"b":1}})", R"({"a":{"b":1,"c":2}})", R"({"a":{"b":1}})"},
      {R"({"a.b":1})", R"({"a":5})", R"({})"},
      {R"({"a.b":1})", R"({"a":[{"b":1,"c":2},5,{"c":1},[{"b":2}]]})",
       R"({"a":[{"b":1},{},[{"b":2}]]})"},
      {R"({"a":true})", R"({"a":null})", R"({"a":null})"},
  });
}

TEST(Projection, ExclusionLeavesNamedFieldsOut) {
  check({
      {R"({"a":0})", R"({"_id":1,"a":1,"b":2})", R"({"_id":1,"b":2})"},
      {R"({"_id":0})", R"({"_id":1,"a":1})", R"({"a":1})"},
      {R"({"a.b":0})", R"({"a":{"b":1,"c":2}})", R"({"a":{"c":2}})"},
      {R"({"a.b":0})", R"({"a":[{"b":1,"c":2},5]})", R"({"a":[{"c":2},5]})"},
      {R"({"a":0,"_id":1})", R"({"_id":1,"a":1,"b":2})", R"({"_id":1,"b":2})"},
  });
}

TEST(Projection, ExpressionsComputeFields) {
  check({
      {R"({"x":{"$add":["$a",1]}})", R"({"_id":1,"a":1})", R"({"_id":1,"x":2})"},
      {R"({"a":1,"x":"$a"})", R"({"a":1})", R"({"a":1,"x":1})"},
      {R"({"x":"$nothing","a":1})", R"({"a":1})", R"({"a":1})"},
      {R"({"a.x":"$b"})", R"({"a":{"y":1},"b":2})", R"({"a":{"x":2}})"},
      {R"({"a.x":"$b"})", R"({"a":[{"y":1},3],"b":2})", R"({"a":[{"x":2},{"x":2}]})"},
      {R"({"a.x":"$b"})", R"({"b":2})", R"({"a":{"x":2}})"},
      {R"({"x":"text"})", R"({"b":2})", R"({"x":"text"})"},
  });
}

TEST(Projection, SliceAndElemMatchCutArrays) {
  check({
      {R"({"a":{"$slice":2}})", R"({"a":[1,2,3],"b":1})", R"({"a":[1,2],"b":1})"},
      {R"({"a":{"$slice":-2}})", R"({"a":[1,2,3]})", R"({"a":[2,3]})"},
      {R"({"a":{"$slice":[1,1]}})", R"({"a":[1,2,3]})", R"({"a":[2]})"},
      {R"({"a":{"$slice":[-2,1]}})", R"({"a":[1,2,3]})", R"({"a":[2]})"},
      {R"({"a":{"$slice":1},"b":1})", R"({"a":[1,2],"b":1,"c":1})", R"({"a":[1],"b":1})"},
      {R"({"a":{"$slice":1}})", R"({"a":5})", R"({"a":5})"},
      {R"({"a":{"$elemMatch":{"k":2}}})", R"({"_id":1,"a":[{"k":1},{"k":2,"v":1},{"k":2}],"b":1})",
       R"({"_id":1,"a":[{"k":2,"v":1}]})"},
      {R"({"a":{"$elemMatch":{"$gt":1}}})", R"({"_id":1,"a":[1,2,3]})", R"({"_id":1,"a":[2]})"},
      {R"({"a":{"$elemMatch":{"k":9}}})", R"({"_id":1,"a":[{"k":1}]})", R"({"_id":1})"},
  });
}

TEST(Projection, ThePositionalFormShowsTheMemberThatMatched) {
  EXPECT_EQ(project(R"({"a.$":1})", R"({"_id":1,"a":[1,5,9],"b":1})", R"({"a":{"$gt":3}})"),
            normal(R"({"_id":1,"a":[5]})"));
  EXPECT_EQ(project(R"({"a.$":1})", R"({"a":[{"k":1},{"k":2}]})", R"({"a.k":2})"),
            normal(R"({"a":[{"k":2}]})"));
  EXPECT_THROW(project(R"({"a.$":1})", R"({"a":[1]})", R"({})"), Error);
  // What is no array has no member to choose.
  for (const char* document : {R"({"a":5})", R"({"a":null})", R"({})", R"({"a":{"b":1}})"}) {
    EXPECT_EQ(project(R"({"a.$":1})", document, "{}"), normal(document));
  }
}

TEST(Projection, AddFieldsReplacesInPlaceAndAppends) {
  const struct {
    const char* spec;
    const char* document;
    const char* expected;
  } kCases[] = {
      {R"({"b":5,"n":"$a"})", R"({"a":1,"b":2})", R"({"a":1,"b":5,"n":1})"},
      {R"({"a.x":1})", R"({"a":{"y":2}})", R"({"a":{"y":2,"x":1}})"},
      {R"({"a":{"x":1}})", R"({"a":{"y":2}})", R"({"a":{"y":2,"x":1}})"},
      {R"({"a.x":1})", R"({"a":[{"y":2},3]})", R"({"a":[{"y":2,"x":1},{"x":1}]})"},
      {R"({"a.x":1})", R"({"a":7})", R"({"a":{"x":1}})"},
      {R"({"a":"$$REMOVE"})", R"({"a":7,"b":1})", R"({"b":1})"},
      {R"({"a":{}})", R"({"a":7})", R"({"a":{}})"},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(add_fields(c.spec, c.document), normal(c.expected)) << c.spec << " on " << c.document;
  }
}

TEST(Projection, ManyFieldsAreProjectedAsFewAre) {
  bson::Builder spec;
  bson::Builder document;
  for (int i = 0; i < 20000; ++i) spec.append("f" + std::to_string(2 * i), 1);
  for (int i = 0; i < 40000; ++i) document.append("f" + std::to_string(i), i);
  const bson::Document projected = Projection::parse(spec.finish()).apply(document.finish());
  int expected = 0;
  for (const bson::Element& field : projected) {
    ASSERT_EQ(field.as_int32(), expected);
    expected += 2;
  }
  EXPECT_EQ(expected, 40000);
}

TEST(Projection, APathHasALimitedNumberOfComponents) {
  const auto path = [](int components) {
    std::string result = "a";
    for (int i = 1; i < components; ++i) result += ".a";
    return result;
  };
  EXPECT_EQ(error_of(R"({")" + path(200) + R"(":1})"), 0);
  EXPECT_EQ(error_of(R"({")" + path(201) + R"(":1})"), 15);
  EXPECT_EQ(error_of(R"({")" + path(300'000) + R"(":1})"), 15);
  EXPECT_EQ(error_of(R"({")" + path(150) + R"(":{")" + path(150) + R"(":1}})"), 15);
}

TEST(Projection, FaultySpecificationsAreRefused) {
  EXPECT_EQ(error_of(R"({"a":1,"b":0})"), 31254);
  EXPECT_EQ(error_of(R"({"a":0,"b":1})"), 31253);
  EXPECT_EQ(error_of(R"({"a":0,"b":"$c"})"), 31252);
  EXPECT_EQ(error_of(R"({"a":1,"a.b":1})"), 31249);
  EXPECT_EQ(error_of(R"({"a.b":1,"a":1})"), 31249);
  EXPECT_EQ(error_of(R"({"a":{}})"), 51270);
  EXPECT_EQ(error_of(R"({"$a":1})"), 16410);
  EXPECT_EQ(error_of(R"({"a..b":1})"), 15998);
  EXPECT_EQ(error_of(R"({"a.b":{"$elemMatch":{"x":1}}})"), 31275);
  EXPECT_EQ(error_of(R"({"a":{"$elemMatch":1}})"), 31274);
  EXPECT_EQ(error_of(R"({"a":{"$elemMatch":{"x":1},"$elemMatch":{"x":2}}})"), 40413);
  EXPECT_EQ(error_of(R"({"a":{"$slice":1,"x":1}})"), 40415);
  EXPECT_EQ(error_of(R"({"a":{"$meta":"textScore"}})"), 2);
  EXPECT_EQ(error_of(R"({"a":{"$foo":1}})"), 168);
  EXPECT_THROW(Projection::parse_project({}), Error);
}

TEST(Projection, ElemMatchIncludesUnlessAnotherFieldIsExcluded) {
  const char* document = R"({"_id":1,"a":[1,2],"b":3,"c":4})";
  EXPECT_EQ(project(R"({"_id":0,"a":{"$elemMatch":{"$gt":1}}})", document), normal(R"({"a":[2]})"));
  EXPECT_EQ(project(R"({"a":{"$elemMatch":{"$gt":1}},"_id":0})", document), normal(R"({"a":[2]})"));
  EXPECT_EQ(project(R"({"_id":1,"a":{"$elemMatch":{"$gt":1}}})", document),
            normal(R"({"_id":1,"a":[2]})"));
  EXPECT_EQ(project(R"({"b":0,"a":{"$elemMatch":{"$gt":1}}})", document),
            normal(R"({"_id":1,"a":[2],"c":4})"));
  EXPECT_EQ(project(R"({"_id":0,"a":{"$slice":1}})", document), normal(R"({"a":[1],"b":3,"c":4})"));
}

}  // namespace
}  // namespace quern::query
