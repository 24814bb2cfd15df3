// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/analyse.h"

#include <gtest/gtest.h>

#include "analysis/testing.h"

namespace quern::analysis {
namespace {

using testing::analyse_json;
using testing::refusal_of;
using testing::readable;

TEST(Analyse, InsertMarksTheValueOfAnEncryptedField) {
  EXPECT_EQ(readable(R"({"insert": "c", "documents": [{"_id": 1, "ssn": "123"}]})"),
            R"({ "insert" : "c", "documents" : [ { "_id" : 1, "ssn" : "insert equality ssn \"123\"" } ] })");
}

TEST(Analyse, FindMarksTheConstantThatAnEncryptedFieldEquals) {
  EXPECT_EQ(readable(R"({"find": "c", "filter": {"ssn": "123"}})"),
            R"({ "find" : "c", "filter" : { "ssn" : { "$eq" : "find equality ssn \"123\"" } } })");
}

}  // namespace
}  // namespace quern::analysis
