// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/read/find_request.h"

#include <gtest/gtest.h>

#include "engine/testing.h"
#include "storage/rocks_store.h"
#include "storage/testing/faulty_store.h"

namespace quern::engine {
namespace {

// 200 documents with a from 0 to 199 and b the other way round; the index is on a.
class SortedReads : public ::testing::Test {
 protected:
  SortedReads() {
    std::string documents;
    for (int i = 0; i < 200; ++i) {
      documents += (i == 0 ? "" : ", ") + std::string(R"({"a": )") + std::to_string(i) +
                   R"(, "b": )" + std::to_string(199 - i) + "}";
    }
    engine.run(R"({"insert": "c", "documents": [)" + documents + "]}");
    engine.run(R"({"createIndexes": "c", "indexes": [{"name": "a_1", "key": {"a": 1}}]})");
  }

  // The a of the only document that the command finds, and what it read for that.
  std::pair<int, std::int64_t> found(std::string_view command) {
    const std::int64_t before = faults->count(storage::InjectedFaults::Kind::kRead);
    const auto documents = engine.documents(command);
    const std::int64_t reads = faults->count(storage::InjectedFaults::Kind::kRead) - before;
    return {documents.at(0)["a"].as_int32(), reads};
  }

  const std::shared_ptr<storage::InjectedFaults> faults =
      std::make_shared<storage::InjectedFaults>();
  TestEngine engine{storage::make_faulty_store(storage::open_rocks_store({}), faults)};
};

TEST_F(SortedReads, AreNotSortedAgainWhereTheIndexGivesTheOrder) {
  for (const char* given : {R"({"find": "c", "sort": {"a": SIGN}, "limit": 1})",
                            R"({"aggregate": "c", "cursor": {}, "pipeline": [
                                {"$sort": {"a": SIGN}}, {"$limit": 1}]})"}) {
    for (const auto& [sign, first] : {std::pair("1", 0), std::pair("-1", 199)}) {
      std::string command = given;
      command.replace(command.find("SIGN"), 4, sign);
      const auto [a, reads] = found(command);
      EXPECT_EQ(a, first) << command;
      EXPECT_LT(reads, 20) << command;
    }
  }
}

TEST_F(SortedReads, AreSortedWhereTheIndexOnlyBounds) {
  for (const char* command : {R"({"find": "c", "filter": {"a": {"$gte": 0}}, "sort": {"b": 1},
                                  "limit": 1})",
                              R"({"aggregate": "c", "cursor": {}, "pipeline": [
                                  {"$match": {"a": {"$gte": 0}}}, {"$sort": {"b": 1}},
                                  {"$limit": 1}]})"}) {
    const auto [a, reads] = found(command);
    EXPECT_EQ(a, 199) << command;
    EXPECT_GE(reads, 200) << command;
  }
}

}  // namespace
}  // namespace quern::engine
