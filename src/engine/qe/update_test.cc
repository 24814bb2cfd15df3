// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/update.h"

#include <gmock/gmock.h>

#include "engine/qe/testing/encrypted_collection.h"

namespace quern::engine::qe {
namespace {

using bson::array;
using bson::doc;
using bson::Document;
using bson::Value;
using testing::code_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class EncryptedUpdate : public testing::EncryptedCollection {
 protected:
  Document prepare(const Document& update) {
    return transact([&](Operation& op) {
      const Value prepared = prepare_update(op, ns, fields, update.view().as_value());
      return Document(prepared.view().as_document());
    });
  }

  std::vector<std::string> pushed(const Document& update) {
    std::vector<std::string> tags;
    const bson::View push = update["$push"].as_document()["__safeContent__"].as_document();
    for (const bson::Element& tag : push["$each"].as_array()) {
      tags.push_back(to_base64(tag.as_binary().bytes));
    }
    return tags;
  }
};

TEST_F(EncryptedUpdate, OfPlainFieldsStaysAsItIs) {
  const Document update = bson::from_json(R"({"$set": {"city": "Ulm"}, "$inc": {"n": 1}})");
  EXPECT_EQ(prepare(update), update);
}

TEST_F(EncryptedUpdate, SetsTheStoredValueAndPushesThePublishedTag) {
  const Document update = prepare(doc("$set", doc("ssn", insert_payload("123"), "city", "Ulm")));
  EXPECT_THAT(pushed(update), ElementsAre("31eCYlbQoVboc5zwC8IoyJVSkag9PxREka8dkmbXJeY="));
  EXPECT_EQ(update["$set"].as_document()["ssn"].as_binary().bytes[0], 14);
  EXPECT_EQ(update["$set"].as_document()["city"].as_string(), "Ulm");
  EXPECT_THAT(all(esc), SizeIs(1));
  EXPECT_THAT(all(ecoc), SizeIs(1));
}

TEST_F(EncryptedUpdate, FindsPayloadsBelowDottedAndNestedPaths) {
  EXPECT_THAT(pushed(prepare(doc("$set", doc("card.number", insert_payload(std::int64_t{1}))))),
              SizeIs(1));
  EXPECT_THAT(
      pushed(prepare(doc("$set", doc("card", doc("number", insert_payload(std::int64_t{1})))))),
      SizeIs(1));
}

TEST_F(EncryptedUpdate, KeepsTheUsersOwnPush) {
  const Document update =
      prepare(doc("$push", doc("visits", 5), "$set", doc("ssn", insert_payload("123"))));
  EXPECT_EQ(update["$push"].as_document()["visits"].as_int32(), 5);
  EXPECT_THAT(pushed(update), SizeIs(1));
}

TEST_F(EncryptedUpdate, ByReplacementIsLikeAnInsert) {
  const Document update = prepare(doc("ssn", insert_payload("123"), "city", "Ulm"));
  EXPECT_THAT(tags_of(update), ElementsAre("31eCYlbQoVboc5zwC8IoyJVSkag9PxREka8dkmbXJeY="));
}

TEST_F(EncryptedUpdate, RefusesToTouchTheTagsOrToEncryptByOtherOperators) {
  const auto refused = [&](const Document& update) { return code_of([&] { prepare(update); }); };
  const Value payload = insert_payload("123");
  EXPECT_EQ(refused(doc("$set", doc("__safeContent__", array()))), 6666200);
  EXPECT_EQ(refused(doc("$set", doc("ssn", payload), "$push", doc("__safeContent__", 1))), 6371512);
  EXPECT_EQ(refused(doc("$set", doc("ssn", payload), "$push", 1)), 6371511);
  EXPECT_EQ(refused(doc("$setOnInsert", doc("ssn", payload))), 6373503);
  EXPECT_THAT(all("people"), IsEmpty());
}

TEST_F(EncryptedUpdate, RemovesTheTagOfAnOverwrittenValue) {
  const Document before = insert(doc("_id", 1, "ssn", insert_payload("old")));
  const Document other = insert(doc("_id", 2, "ssn", insert_payload("new")));
  bson::Builder tags;  // as $push leaves it: the old tag and the new one
  tags.append("_id", 1).append("ssn", other["ssn"].value()).open_array("__safeContent__");
  tags.push(before["__safeContent__"].as_array().front().value());
  tags.push(other["__safeContent__"].as_array().front().value());
  const Document after = tags.close().finish();
  EXPECT_EQ(tags_of(finish_update(fields, after)), tags_of(other));
}

TEST_F(EncryptedUpdate, RemovesTheTagOfAnUnsetField) {
  const Document before = insert(doc("_id", 1, "ssn", insert_payload("old")));
  const Document after = doc("_id", 1, "__safeContent__", before["__safeContent__"].value());
  EXPECT_THAT(tags_of(finish_update(fields, after)), IsEmpty());
}

TEST_F(EncryptedUpdate, RemovesEveryTagThatBelongsToNoValue) {
  const Document stored = insert(doc("_id", 1, "ssn", insert_payload("a")));
  const Document other = insert(doc("_id", 2, "ssn", insert_payload("b")));
  bson::Builder b;
  b.append("_id", 1).append("ssn", stored["ssn"].value());
  b.append("former", other["ssn"].value());  // renamed: no query looks for it there
  b.open_array("__safeContent__").push(other["__safeContent__"].as_array().front().value());
  b.push(7).push(stored["__safeContent__"].as_array().front().value()).close();
  EXPECT_EQ(tags_of(finish_update(fields, b.finish())), tags_of(stored));
}

TEST_F(EncryptedUpdate, KeepsTheTagsOfUntouchedValues) {
  const Document before = insert(doc("_id", 1, "ssn", insert_payload("old")));
  EXPECT_EQ(finish_update(fields, before), before);
}

TEST_F(EncryptedUpdate, MustLeaveTheTagsOfIndexedValues) {
  const Document before = insert(doc("_id", 1, "ssn", insert_payload("old")));
  EXPECT_EQ(code_of([&] { finish_update(fields, doc("ssn", before["ssn"].value())); }), 6371506);
  EXPECT_EQ(code_of([&] {
              finish_update(fields, doc("ssn", before["ssn"].value(), "__safeContent__", 1));
            }),
            6371507);
}

TEST_F(EncryptedUpdate, LeavesTheUsersOwnArraysAlone) {
  const Document stored = insert(doc("_id", 1, "visits", array(1, 2), "ssn", insert_payload("a")));
  EXPECT_EQ(finish_update(fields, stored), stored);
}

TEST_F(EncryptedUpdate, RefusesToWriteAFieldTwice) {
  const Value one = insert_payload(std::int64_t{1});
  EXPECT_EQ(
      code_of([&] { prepare(doc("$set", doc("card.number", one, "card", doc("number", one)))); }),
      6371407);
}

TEST_F(EncryptedUpdate, RefusesValuesOfVersionOne) {
  const Document before = doc("_id", 1, "ssn", binary(Bytes(40, 7)));
  EXPECT_EQ(code_of([&] { finish_update(fields, before); }), 7293202);
}

TEST(EncryptedUpdateCommand, TakesOneStatementOnOneDocument) {
  const auto refused = [](const char* json) {
    const Document command = bson::from_json(json);
    return code_of([&] { check_update_command(command); });
  };
  EXPECT_EQ(refused(R"({"update": "c", "updates": [{"q": {}, "u": {"a": 1}}]})"), 0);
  EXPECT_EQ(refused(R"({"update": "c", "updates": [{"q": {}, "u": {}}, {"q": {}, "u": {}}]})"),
            6371502);
  EXPECT_EQ(refused(R"({"update": "c", "updates": [{"q": {}, "u": {}, "multi": true}]})"), 6371503);
  EXPECT_EQ(refused(R"({"update": "c", "updates": [{"q": {}, "u": []}]})"), 6371517);
}

TEST(EncryptedDeleteCommand, TakesOneStatement) {
  const Document command = bson::from_json(R"({"delete": "c", "deletes": [{"q": {}}, {"q": {}}]})");
  EXPECT_EQ(code_of([&] { check_delete_command(command); }), 6371302);
}

TEST(EncryptedFindAndModify, HasMongoDBsLimits) {
  const auto refused = [](const char* json) {
    const Document command = bson::from_json(json);
    return code_of([&] { check_find_and_modify(command); });
  };
  EXPECT_EQ(refused(R"({"findAndModify": "c", "update": {"a": 1}, "new": false})"), 0);
  EXPECT_EQ(refused(R"({"findAndModify": "c", "update": {"a": 1}, "remove": true})"), 6371401);
  EXPECT_EQ(refused(R"({"findAndModify": "c", "update": {"a": 1}, "new": true})"), 6371402);
  EXPECT_EQ(refused(R"({"findAndModify": "c", "update": {"a": 1}, "fields": {"a": 1}})"), 6371408);
  EXPECT_EQ(refused(R"({"findAndModify": "c", "update": []})"), 6439901);
}

}  // namespace
}  // namespace quern::engine::qe
