// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/consistency.h"

#include <gmock/gmock.h>

#include "engine/qe/testing/encrypted_collection.h"

namespace quern::engine::qe {
namespace {

using bson::doc;
using bson::Document;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Consistency : public testing::EncryptedCollection {
 protected:
  Consistency() {
    engine.catalog().create(ns, doc("encryptedFields", fields.to_bson()));
    engine.catalog().create_indexes(
        ns, {bson::from_json(
                R"({"v": 2, "key": {"__safeContent__": 1}, "name": "__safeContent___1"})")});
    for (int i = 1; i <= 3; ++i) {
      insert(doc("_id", i, "ssn", insert_payload(i == 1 ? "a" : "b")));
    }
  }

  std::vector<std::string> faults(const std::vector<Bytes>& payloads = {}) {
    const Document command = doc("check", 1);
    Operation op(engine, ns.database, command);
    return check_consistency(op, ns, payloads).faults;
  }
  std::uint64_t stale_tags() {
    const Document command = doc("check", 1);
    Operation op(engine, ns.database, command);
    return check_consistency(op, ns).stale_tags;
  }

  // Writes a document past all rules.
  void corrupt(const Document& document) {
    transact([&](Operation& op) { op.collection(ns)->insert(op, document); });
  }
  Document stored(int id) {
    for (const Document& document : all("people")) {
      if (document["_id"].as_int32() == id) return document;
    }
    return {};
  }
  void remove(const std::string& collection, std::size_t position) {
    const Document victim = all(collection).at(position);
    transact([&](Operation& op) {
      op.collection({"db", collection})->remove(op, record_id_of(victim["_id"]), victim);
    });
  }
  Bytes payload(std::string_view value) {
    return crypto::find_equality_payload(key1, bson::Value::of(value), 0);
  }
};

TEST_F(Consistency, OfAHealthyCollectionHasNoFaults) {
  EXPECT_THAT(faults(), IsEmpty());
  EXPECT_THAT(faults({payload("a"), payload("b"), payload("never used")}), IsEmpty());
}

TEST_F(Consistency, SeesAValueWithoutItsTag) {
  corrupt(doc("_id", 9, "ssn", stored(1)["ssn"].value()));
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("other tags (0)")));
}

TEST_F(Consistency, CountsTagsWithoutAValueApartFromFaults) {
  EXPECT_EQ(stale_tags(), 0u);
  insert(doc("_id", 4, "ssn", insert_payload("c")));
  const Document tagged = stored(4);
  remove("people", 3);
  corrupt(doc("_id", 9, "__safeContent__", tagged["__safeContent__"].value()));
  EXPECT_THAT(faults(), IsEmpty());
  EXPECT_EQ(stale_tags(), 1u);
}

TEST_F(Consistency, SeesDamagedValues) {
  Bytes blob(60, 0);
  blob[0] = 14;
  corrupt(doc("_id", 9, "elsewhere", binary(blob)));
  EXPECT_THAT(faults(), IsEmpty());
  corrupt(doc("_id", 10, "ssn", binary(blob)));
  EXPECT_THAT(faults(), Contains(HasSubstr("damaged bytes")));
}

TEST_F(Consistency, SeesATagUsedTwice) {
  corrupt(doc("_id", 9, "ssn", stored(1)["ssn"].value(), "__safeContent__",
              stored(1)["__safeContent__"].value()));
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("used before")));
}

TEST_F(Consistency, SeesAPlainValueInAnEncryptedField) {
  corrupt(doc("_id", 9, "ssn", "123"));
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("implicit schema")));
}

TEST_F(Consistency, SeesALostCounter) {
  while (!all(esc).empty()) remove(esc, 0);
  EXPECT_THAT(faults(), IsEmpty());  // not without the tokens
  EXPECT_THAT(faults({payload("a")}), ElementsAre(HasSubstr("has not counted")));
}

TEST_F(Consistency, SeesAForeignDocumentInAStateCollection) {
  transact([&](Operation& op) { op.collection({"db", ecoc})->insert(op, doc("_id", 1)); });
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("shape of the protocol")));
}

TEST_F(Consistency, SeesAnIndexThatLacksEntries) {
  const Document victim = stored(2);
  transact([&](Operation& op) {
    const Index& index = *op.collection(ns)->indexes().front();
    std::vector<std::string> keys;
    bool several = false;
    index.keys(victim, keys, several);
    index.remove(op.transaction(), keys.at(0), record_id_of(victim["_id"]));
  });
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("lacks 1 entries")));
}

}  // namespace
}  // namespace quern::engine::qe
