// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/catalog/collection.h"

#include <gmock/gmock.h>

#include "engine/session/engine.h"
#include "engine/session/operation.h"
#include "engine/session/retry.h"
#include "storage/rocks_store.h"

namespace quern::engine {
namespace {

using bson::doc;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(CollectionScan, BeginsWithTheRecordThatComesNext) {
  Engine engine(storage::open_rocks_store({}), {});
  const bson::Document command = doc("test", 1);
  Operation op(engine, "db", command);
  write_transaction(op, [&] {
    const Collection& collection = op.collection_or_create({"db", "c"});
    for (const int id : {1, 2, 4}) collection.insert(op, doc("_id", id));
  });
  const auto ids = [&](const RecordId& after) {
    std::vector<int> found;
    RecordCursor cursor = op.collection({"db", "c"})->scan(op, after);
    while (cursor.next()) found.push_back(cursor.document()["_id"].as_int32());
    return found;
  };
  const auto record = [](int id) { return record_id_of(doc("_id", id)["_id"].value()); };
  EXPECT_THAT(ids({}), ElementsAre(1, 2, 4));
  EXPECT_THAT(ids(record(2)), ElementsAre(4));
  EXPECT_THAT(ids(record(3)), ElementsAre(4));
  EXPECT_THAT(ids(record(4)), IsEmpty());
}

}  // namespace
}  // namespace quern::engine
