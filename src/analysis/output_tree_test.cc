// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/output_tree.h"

#include <gtest/gtest.h>

#include "analysis/testing.h"

namespace quern::analysis {
namespace {

using Kind = OutputTree::Kind;

// "ssn=ssn x=?|n list[].y=a.b": the paths and their fields, ? for what is one of some or none.
void append_text(const OutputTree::Node& node, const std::string& path, std::string& text) {
  switch (node.kind) {
    case Kind::kEncrypted:
      text += (text.empty() ? "" : " ") + path + "=" + node.field->path;
      return;
    case Kind::kUnknown:
      text += (text.empty() ? "" : " ") + path + "=?";
      for (const schema::EncryptedField* field : node.candidates) text += "|" + field->path;
      return;
    case Kind::kArray:
      append_text(node.children.front(), path + "[]", text);
      return;
    case Kind::kObject:
      for (const OutputTree::Node& child : node.children) {
        append_text(child, path + (path.empty() ? "" : ".") + child.name, text);
      }
  }
}

std::string output(std::string_view command) {
  const OutputTree tree =
      analyse(testing::kDatabase, bson::from_json(command), testing::schemas()).output;
  std::string text;
  append_text(tree.root(), "", text);
  return text;
}

std::string of_pipeline(const std::string& stages) {
  return output(R"({"aggregate": "c", "cursor": {}, "pipeline": [)" + stages + "]}");
}

TEST(OutputTree, DocumentsOfACollectionAreAsItsSchemaSays) {
  const std::string all =
      "ssn=ssn a.b=a.b a.d.e=a.d.e n=n billing=billing note=note age=age title=title";
  EXPECT_EQ(output(R"({"find": "c"})"), all);
  EXPECT_EQ(output(R"({"findAndModify": "c", "query": {}, "remove": true})"), all);
  EXPECT_EQ(of_pipeline(""), all);
  EXPECT_EQ(output(R"({"find": "plain"})"), "");
}

TEST(OutputTree, AProjectionSaysWhatIsLeft) {
  EXPECT_EQ(output(R"({"find": "c", "projection": {"ssn": 1, "a.d": 1}})"), "ssn=ssn a.d.e=a.d.e");
  EXPECT_EQ(output(R"({"findAndModify": "c", "query": {}, "remove": true, "fields": {"n": 1}})"),
            "n=n");
  EXPECT_EQ(output(R"({"find": "c", "projection": {"x": "$ssn", "_id": 0}})"), "x=ssn");
}

TEST(OutputTree, APipelineSaysWhereItsLastStageHasThem) {
  EXPECT_EQ(of_pipeline(R"({"$project": {"x.y": "$ssn", "z": "$a"}}, {"$match": {"p": 1}})"),
            "x.y=ssn z.b=a.b z.d.e=a.d.e");
  EXPECT_EQ(of_pipeline(R"({"$project": {"x": {"$cond": ["$p", "$ssn", "none"]}}})"), "x=?|ssn");
  EXPECT_EQ(of_pipeline(R"({"$project": {"x": {"$ifNull": ["$n", "$a", "$ssn"]}}})"),
            "x=?|a.b|a.d.e|n|ssn");
  EXPECT_EQ(of_pipeline(R"({"$project": {"x": ["$n", "$p"]}})"), "x[]=?|n");
  EXPECT_EQ(of_pipeline(R"({"$group": {"_id": "$p"}})"), "");
  EXPECT_EQ(of_pipeline(R"({"$project": {"n": 1}}, {"$lookup": {"from": "c", "as": "list",
      "pipeline": [{"$project": {"y": "$ssn"}}]}})"),
            "n=n list[].y=ssn");
}

TEST(OutputTree, CommandsThatAnswerWithoutDocumentsHaveNone) {
  for (const char* command : {
           R"({"insert": "c", "documents": [{"ssn": "123"}]})",
           R"({"count": "c", "query": {"ssn": "123"}})",
           R"({"explain": {"find": "c"}, "verbosity": "queryPlanner"})",
           R"({"delete": "c", "deletes": [{"q": {}, "limit": 1}]})",
       }) {
    EXPECT_EQ(output(command), "") << command;
  }
}

TEST(OutputTree, TreesAreEqualByWhatTheSchemasSay) {
  const auto tree = [](std::string_view command, const SchemaMap& schemas) {
    return analyse(testing::kDatabase, bson::from_json(command), schemas).output;
  };
  const SchemaMap copy = testing::schemas();
  const char* all = R"({"find": "c"})";
  const char* some = R"({"find": "c", "projection": {"ssn": 1}})";
  EXPECT_TRUE(tree(all, copy) == tree(all, testing::schemas()));
  EXPECT_FALSE(tree(all, copy) == tree(some, copy));
  EXPECT_TRUE(tree(R"({"find": "plain"})", copy).empty());
  EXPECT_FALSE(tree(some, copy).empty());
}

}  // namespace
}  // namespace quern::analysis
