// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// E11000 of the plain fields of an encrypted collection, wherever it is reported.
#include <gmock/gmock.h>

#include <string>

#include "engine/engine_runner.h"
#include "engine/qe/testing/encrypted_collection.h"
#include "quern/bson/json.h"

namespace quern::engine::qe {
namespace {

using bson::array;
using bson::doc;
using bson::Document;
using ::testing::HasSubstr;

class DuplicatesBesideEncryptedFields : public testing::EncryptedCollection {
 protected:
  DuplicatesBesideEncryptedFields() {
    run(doc("create", "people", "encryptedFields", schema_document()));
    run(doc("createIndexes", "people", "indexes",
            array(doc("name", "mail", "key", doc("mail", 1, "n", -1), "unique", true),
                  doc("name", "tags", "key", doc("__safeContent__", 1)))));
    run(encrypted(doc("insert", "people", "documents", array(person(1, "a"), person(2, "b")))));
  }

  Document run(const Document& command) { return runner.run("db", command); }
  Document encrypted(const Document& command) const {
    bson::Builder b;
    b.append_all(command).append("encryptionInformation",
                                 doc("type", 1, "schema", doc("db.people", schema_document())));
    return b.finish();
  }
  Document person(int id, std::string_view mail) const {
    return doc("_id", id, "mail", mail, "ssn", insert_payload("123-45-6789"), "notes",
               unindexed("private"));
  }
  Document change(std::string_view mail) const {
    return doc("$set", doc("mail", mail, "ssn", insert_payload("987-65-4321")));
  }
  static Document in_transaction(const Document& command) {
    bson::Builder b;
    b.append_all(command).append("lsid", doc("id", Uuid::random()));
    b.append("txnNumber", std::int64_t{1}).append("startTransaction", true);
    return b.append("autocommit", false).finish();
  }

  // The reply's error, or its first write error.
  static Document error_of(const Document& reply) {
    const bson::Element errors = reply["writeErrors"];
    if (!errors.is_array()) return reply;
    return Document(errors.as_array().front().as_document());
  }
  static void expect_told(const Document& reply, std::string_view index, const Document& pattern,
                          const Document& value, std::string_view shown) {
    const Document error = error_of(reply);
    EXPECT_EQ(error["code"].whole_number(), 11000) << bson::to_json(reply);
    EXPECT_EQ(error["errmsg"].as_string(),
              "E11000 duplicate key error collection: db.people index: " + std::string(index) +
                  " dup key: " + std::string(shown));
    EXPECT_EQ(bson::to_json(error["keyPattern"].as_document()), bson::to_json(pattern));
    EXPECT_EQ(bson::to_json(error["keyValue"].as_document()), bson::to_json(value));
  }
  static void expect_mail_told(const Document& reply) {
    expect_told(reply, "mail", doc("mail", 1, "n", -1), doc("mail", "a", "n", bson::Null{}),
                "{ mail: \"a\", n: null }");
  }

  EngineRunner runner;
};

TEST_F(DuplicatesBesideEncryptedFields, AreToldByInserts) {
  const Document insert =
      encrypted(doc("insert", "people", "documents", array(person(3, "c"), person(4, "a"))));
  expect_mail_told(run(insert));
  expect_mail_told(
      run(in_transaction(encrypted(doc("insert", "people", "documents", array(person(5, "a")))))));
  expect_mail_told(run(doc("insert", "people", "documents", array(doc("_id", 6, "mail", "a")))));
  expect_told(run(encrypted(doc("insert", "people", "documents", array(person(1, "z"))))), "_id_",
              doc("_id", 1), doc("_id", 1), "{ _id: 1 }");
}

TEST_F(DuplicatesBesideEncryptedFields, AreToldByUpdatesAndUpserts) {
  const auto update = [&](int id, bool upsert) {
    return encrypted(doc("update", "people", "updates",
                         array(doc("q", doc("_id", id), "u", change("a"), "upsert", upsert))));
  };
  expect_mail_told(run(update(2, false)));
  expect_mail_told(run(in_transaction(update(2, false))));
  expect_mail_told(run(update(7, true)));
  expect_mail_told(run(in_transaction(update(7, true))));
  expect_mail_told(run(doc("update", "people", "updates",
                           array(doc("q", doc("_id", 2), "u", doc("$set", doc("mail", "a")))))));
}

TEST_F(DuplicatesBesideEncryptedFields, AreToldByFindAndModify) {
  const auto modify = [&](int id, bool upsert) {
    return encrypted(doc("findAndModify", "people", "query", doc("_id", id), "update", change("a"),
                         "upsert", upsert));
  };
  expect_mail_told(run(modify(2, false)));
  expect_mail_told(run(in_transaction(modify(2, false))));
  expect_mail_told(run(modify(7, true)));
}

TEST_F(DuplicatesBesideEncryptedFields, AreToldAsTheIndexIsBuilt) {
  run(doc("update", "people", "updates",
          array(doc("q", doc(), "u", doc("$set", doc("town", "x")), "multi", true))));
  expect_told(run(doc("createIndexes", "people", "indexes",
                      array(doc("name", "town", "key", doc("town", 1), "unique", true)))),
              "town", doc("town", 1), doc("town", "x"), "{ town: \"x\" }");
}

// A ciphertext of the application's own, in a field that the schema does not know.
TEST_F(DuplicatesBesideEncryptedFields, ShowNoCiphertext) {
  const bson::Value ciphertext = unindexed("secret");
  const std::string size = std::to_string(ciphertext.view().as_binary().bytes.size());
  run(doc("createIndexes", "people", "indexes",
          array(doc("name", "own", "key", doc("own", 1), "unique", true, "sparse", true))));
  run(doc("insert", "people", "documents", array(doc("_id", 8, "mail", "8", "own", ciphertext))));
  const Document reply = run(
      doc("insert", "people", "documents", array(doc("_id", 9, "mail", "9", "own", ciphertext))));
  const Document error = error_of(reply);
  EXPECT_EQ(error["code"].whole_number(), 11000) << bson::to_json(reply);
  EXPECT_THAT(std::string(error["errmsg"].as_string()),
              HasSubstr("{ own: BinData(6, " + size + " bytes) }"));
  EXPECT_FALSE(error.view().contains("keyValue"));
  EXPECT_EQ(bson::to_json(error["keyPattern"].as_document()), bson::to_json(doc("own", 1)));
}

}  // namespace
}  // namespace quern::engine::qe
