// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Whole commands with encryptionInformation, as a driver's client sends them.
#include <gmock/gmock.h>

#include <utility>

#include "engine/engine_runner.h"
#include "engine/qe/consistency.h"
#include "engine/qe/testing/encrypted_collection.h"
#include "protocol/find_equality_payload.h"
#include "quern/command/reply.h"

namespace quern::engine::qe {
namespace {

using bson::array;
using bson::doc;
using bson::Document;
using bson::Value;
using testing::code_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class EncryptedCommands : public testing::EncryptedCollection {
 protected:
  EncryptedCommands() : EncryptedCommands(0, {}) {}
  EncryptedCommands(std::int64_t contention, EngineOptions options)
      : EncryptedCollection(contention), runner(std::move(options)) {
    run(doc("create", "people", "encryptedFields", schema_document()));
    run(doc("createIndexes", "people", "indexes",
            array(doc("name", "__safeContent___1", "key", doc("__safeContent__", 1)))));
  }

  Document run(const Document& command) {
    Document reply = runner.run("db", command);
    throw_if_error(reply);
    return reply;
  }
  int refused(const Document& command) {
    return code_of([&] { run(command); });
  }

  static Document information(const Document& schema) {
    return doc("type", 1, "schema", doc("db.people", schema));
  }
  Document information() const { return information(schema_document()); }
  // The schema with one field "path", string, equality, key1.
  Document schema_of(std::string_view path, std::int64_t contention) const {
    return doc("escCollection", esc, "ecocCollection", ecoc, "fields",
               array(doc("path", path, "bsonType", "string", "keyId", id1, "queries",
                         doc("queryType", "equality", "contention", contention))));
  }

  Document insert_command(const Document& document, const Document& schema) const {
    return doc("insert", "people", "documents", array(document), "encryptionInformation",
               information(schema));
  }
  Document insert_command(const Document& document) const {
    return insert_command(document, schema_document());
  }
  Document update_command(const Document& q, const Document& u, bool upsert = false,
                          bool bypass = false) const {
    return doc("update", "people", "updates", array(doc("q", q, "u", u, "upsert", upsert)),
               "bypassDocumentValidation", bypass, "encryptionInformation", information());
  }
  Document find_command(const Document& filter, const Document& schema) const {
    return doc("find", "people", "filter", filter, "encryptionInformation", information(schema));
  }

  std::vector<int> ids(const Document& filter) {
    std::vector<int> found;
    for_each(runner, "db", find_command(filter, schema_document()), [&](bson::View document) {
      found.push_back(document["_id"].as_int32());
      return true;
    });
    return found;
  }
  Document stored(int id) {
    const Document reply = run(doc("find", "people", "filter", doc("_id", id)));
    return Document(
        reply.view().at_path("cursor.firstBatch").as_array().front().value().as_document());
  }
  static std::vector<std::string> keys(const Document& document) {
    std::vector<std::string> names;
    for (const bson::Element& element : document) names.emplace_back(element.key());
    return names;
  }
  ConsistencyReport report() {
    const Document command = doc("check", 1);
    Operation op(runner.engine(), "db", command);
    return check_consistency(op, ns);
  }

  EngineRunner runner;
};

// An engine whose queries may have two tags at most.
class ManyTags : public EncryptedCommands {
 protected:
  ManyTags() : EncryptedCommands(0, {.encrypted_query_tag_bytes = 80}) {}

  void insert_times(int from, int to) {
    for (int id = from; id <= to; ++id) {
      run(insert_command(doc("_id", id, "ssn", insert_payload("a"))));
    }
  }
  void remove(int id) {
    run(doc("delete", "people", "deletes", array(doc("q", doc("_id", id), "limit", 1))));
  }
};

TEST_F(ManyTags, UpToTheLimitAreLookedUp) {
  insert_times(1, 2);
  EXPECT_THAT(ids(doc("ssn", find_payload("a"))), UnorderedElementsAre(1, 2));
}

TEST_F(ManyTags, AreFewerWhenTheyAreThoseOfDocumentsThatAreThere) {
  insert_times(1, 4);
  run(insert_command(doc("_id", 5, "ssn", insert_payload("b"))));
  remove(1);
  remove(3);
  EXPECT_THAT(ids(doc("ssn", find_payload("a"))), ElementsAre(2, 4));
  EXPECT_THAT(ids(doc("ssn", doc("$ne", find_payload("a")))), ElementsAre(5));
  EXPECT_EQ(refused(update_command(doc("ssn", find_payload("a")), doc("$set", doc("x", 1)))), 0);
}

TEST_F(ManyTags, OfDocumentsThatAreThereAreRefused) {
  insert_times(1, 3);
  EXPECT_EQ(refused(find_command(doc("ssn", find_payload("a")), schema_document())), 377);
}

TEST_F(ManyTags, RefuseAnUpsertWithoutAScan) {
  insert_times(1, 3);
  remove(1);
  EXPECT_EQ(refused(update_command(doc("ssn", find_payload("a")), doc("$set", doc("x", 1)), true)),
            377);
  EXPECT_EQ(refused(doc("findAndModify", "people", "query", doc("ssn", find_payload("a")), "update",
                        doc("$set", doc("x", 1)), "upsert", true, "encryptionInformation",
                        information())),
            377);
}

TEST_F(EncryptedCommands, AnUpsertByAnEncryptedValueStartsWithoutIt) {
  run(insert_command(doc("_id", 1, "ssn", insert_payload("a"))));
  run(doc("delete", "people", "deletes", array(doc("q", doc("_id", 1), "limit", 1))));
  run(update_command(doc("_id", 9, "ssn", find_payload("a")), doc("$set", doc("x", 1)), true));
  EXPECT_THAT(keys(stored(9)), ElementsAre("_id", "x"));
}

TEST_F(EncryptedCommands, AnUpsertThatSetsTheValueItSearchedIsFoundByIt) {
  run(insert_command(doc("_id", 1, "ssn", insert_payload("a"))));
  run(doc("delete", "people", "deletes", array(doc("q", doc("_id", 1), "limit", 1))));
  run(update_command(doc("_id", 9, "ssn", find_payload("a")),
                     doc("$set", doc("ssn", insert_payload("a"))), true));
  run(doc("findAndModify", "people", "query", doc("_id", 10, "ssn", find_payload("b")), "update",
          doc("$set", doc("ssn", insert_payload("b"))), "upsert", true, "encryptionInformation",
          information()));
  EXPECT_THAT(ids(doc("ssn", find_payload("a"))), ElementsAre(9));
  EXPECT_THAT(ids(doc("ssn", find_payload("b"))), ElementsAre(10));
  EXPECT_THAT(report().faults, IsEmpty());
}

TEST_F(EncryptedCommands, AnUpsertMayNotBringTagsInItsFilter) {
  const Value tag = Value::of(bson::Binary{bson::BinarySubtype::kGeneric, Bytes(32, 1)});
  EXPECT_EQ(refused(update_command(doc("_id", 9, "__safeContent__", array(tag)),
                                   doc("$set", doc("x", 1)), true)),
            6666200);
  EXPECT_EQ(refused(update_command(doc("_id", 9, "__safeContent__", array(7)),
                                   doc("$set", doc("x", 1)), true)),
            6666200);
  EXPECT_THAT(ids(doc()), IsEmpty());
}

TEST_F(EncryptedCommands, TagsThatCameAlongAreAnArrayAlsoWithoutValidation) {
  const auto code = [&](int id, const Value& tags) {
    return refused(doc("insert", "people", "documents",
                       array(doc("_id", id, "ssn", insert_payload("a"), "__safeContent__", tags)),
                       "bypassDocumentValidation", true, "encryptionInformation", information()));
  };
  EXPECT_EQ(code(1, Value::of(7)), 6373510);
  EXPECT_EQ(code(2, array()), 0);
  EXPECT_THAT(ids(doc("ssn", find_payload("a"))), ElementsAre(2));
}

// Sent again with a txnNumber, they take no count of a value, and so leave no state entry, twice.
TEST_F(EncryptedCommands, AreRetriedOnce) {
  std::int64_t number = 0;
  const Uuid session = Uuid::random();
  const auto twice = [&](const Document& command) {
    bson::Builder numbered;
    numbered.append_all(command).append("lsid", doc("id", session));
    const Document sent = numbered.append("txnNumber", ++number).finish();
    run(sent);
    return run(sent);
  };
  const Document inserted = doc("_id", 1, "n", 0, "ssn", insert_payload("a"));
  EXPECT_EQ(twice(insert_command(inserted))["n"].as_int32(), 1);
  const Document change = doc("$set", doc("ssn", insert_payload("b")), "$inc", doc("n", 1));
  EXPECT_EQ(twice(update_command(doc("ssn", find_payload("a")), change))["nModified"].as_int32(),
            1);
  const Document again = doc("$set", doc("ssn", insert_payload("a")), "$inc", doc("n", 1));
  const Document reply =
      twice(doc("findAndModify", "people", "query", doc("ssn", find_payload("b")), "update", again,
                "encryptionInformation", information()));
  EXPECT_EQ(reply.view().at_path("value.n").as_int32(), 1);
  EXPECT_TRUE(reply.view().at_path("value.ssn").is_binary(bson::BinarySubtype::kEncrypted));
  EXPECT_THAT(ids(doc("ssn", find_payload("a"))), ElementsAre(1));
  EXPECT_EQ(stored(1)["n"].as_int32(), 2);
  EXPECT_EQ(run(doc("count", esc))["n"].as_int32(), 3);
}

TEST_F(EncryptedCommands, AWriteThatBringsASchemaMakesNoCollection) {
  run(doc("drop", "people"));
  EXPECT_EQ(refused(insert_command(doc("_id", 1, "x", 1))), 26);
  EXPECT_EQ(refused(update_command(doc("_id", 1), doc("$set", doc("x", 1)), true)), 26);
  EXPECT_THAT(ids(Document()), IsEmpty());
  run(update_command(doc("_id", 1), doc("$set", doc("x", 1))));
  const Document list = run(doc("listCollections", 1, "filter", doc("name", "people")));
  EXPECT_TRUE(list.view().at_path("cursor.firstBatch").as_array().empty());
}

TEST_F(EncryptedCommands, UpdatesMayNotTouchTheTags) {
  run(insert_command(doc("_id", 1, "ssn", insert_payload("a"))));
  const Document any = doc("$exists", true);
  const auto code = [&](const Document& u) {
    return refused(update_command(doc("_id", 1), u, true));
  };
  EXPECT_EQ(code(doc("$set", doc("__safeContent__.0", 1))), 6666200);
  EXPECT_EQ(code(doc("$pop", doc("__safeContent__", 1))), 6666200);
  EXPECT_EQ(code(doc("$pull", doc("__safeContent__", any))), 6666200);
  EXPECT_EQ(code(doc("$unset", doc("__safeContent__", 1))), 6666200);
  EXPECT_EQ(code(doc("$rename", doc("__safeContent__", "other"))), 6666200);
  EXPECT_EQ(code(doc("$rename", doc("other", "__safeContent__"))), 6666200);
  EXPECT_EQ(code(doc("$setOnInsert", doc("__safeContent__", array(1)))), 6666200);
  EXPECT_EQ(code(doc("$push", doc("__safeContent__", 1))), 6371512);
  EXPECT_EQ(
      code(doc("$set", doc("ssn", insert_payload("b")), "$pull", doc("__safeContent__", any))),
      6666200);
  EXPECT_EQ(code(doc("$set", doc("__safeContentx", 1))), 0);
  EXPECT_THAT(ids(doc("ssn", find_payload("a"))), ElementsAre(1));
  EXPECT_EQ(
      refused(update_command(doc("_id", 1), doc("$pop", doc("__safeContent__", 1)), false, true)),
      0);
}

// Compaction beside a multi-document transaction.
class CompactionCommands : public EncryptedCommands {
 protected:
  CompactionCommands() { run(insert_command(doc("_id", 1, "ssn", insert_payload("a")))); }

  Document compact_command() const {
    const auto token = [](const BytesView bytes) {
      return bson::Binary{bson::BinarySubtype::kGeneric, bytes};
    };
    const Bytes unused(32, 0);
    return doc("compactStructuredEncryptionData", "people", "compactionTokens",
               doc("ssn", token(key1.ecoc_token().bytes()), "card.number",
                   token(key2.ecoc_token().bytes()), "notes", token(unused)));
  }
  // The command as a statement of the transaction.
  Document in_transaction(const Document& command) {
    bson::Builder b;
    b.append_all(command).append("lsid", doc("id", session_)).append("txnNumber", std::int64_t{1});
    b.append("autocommit", false);
    if (!std::exchange(started_, true)) b.append("startTransaction", true);
    return b.finish();
  }

 private:
  Uuid session_ = Uuid::random();
  bool started_ = false;
};

TEST_F(CompactionCommands, AreRefusedInATransaction) {
  EXPECT_EQ(refused(in_transaction(compact_command())), 263);
}

TEST_F(CompactionCommands, TellATransactionThatMeetsTheExchangeToTryAgain) {
  run(in_transaction(find_command(doc(), schema_document())));
  run(compact_command());
  try {
    run(in_transaction(insert_command(doc("_id", 2, "ssn", insert_payload("a")))));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_TRUE(error.is(ErrorCode::kWriteConflict)) << error.what();
    EXPECT_TRUE(error.has_label("TransientTransactionError"));
  }
}

TEST_F(CompactionCommands, GiveUpWhenATransactionThatWritesDoesNotEnd) {
  run(in_transaction(insert_command(doc("_id", 2, "ssn", insert_payload("a")))));
  EXPECT_EQ(refused(compact_command()), 24);  // after five seconds
  throw_if_error(runner.run("admin", in_transaction(doc("commitTransaction", 1))));
  EXPECT_EQ(refused(compact_command()), 0);
  EXPECT_THAT(ids(doc("ssn", find_payload("a"))), UnorderedElementsAre(1, 2));
}

TEST_F(EncryptedCommands, PayloadsMustFitTheCollectionsOwnSchema) {
  const auto insert = [&](std::string_view path, const Document& schema) {
    return refused(insert_command(doc("_id", 1, path, insert_payload("a")), schema));
  };
  const auto find = [&](std::string_view path, const Document& schema) {
    return refused(find_command(doc(path, find_payload("a")), schema));
  };
  EXPECT_EQ(insert("extra", schema_of("extra", 0)), 9188709);
  EXPECT_EQ(find("extra", schema_of("extra", 0)), 9188709);
  EXPECT_EQ(insert("notes", schema_of("notes", 0)), 6726301);
  EXPECT_EQ(find("notes", schema_of("notes", 0)), 9188707);
  EXPECT_EQ(insert("ssn", schema_of("ssn", 0)), 0);
  EXPECT_EQ(find("ssn", schema_of("ssn", 0)), 0);
}

TEST_F(EncryptedCommands, ContentionMustBeTheCollectionsOwn) {
  const std::int64_t claimed = std::int64_t{1} << 40;
  EXPECT_EQ(refused(insert_command(doc("_id", 1, "ssn", insert_payload("a", claimed)),
                                   schema_of("ssn", claimed))),
            9188700);
  const Value payload = binary(crypto::find_equality_payload(key1, bson::Value::of("a"), claimed));
  EXPECT_EQ(refused(find_command(doc("ssn", payload), schema_of("ssn", claimed))), 9188701);
  EXPECT_EQ(refused(doc("aggregate", "people", "pipeline",
                        array(doc("$match", doc("ssn", payload))), "cursor", doc(),
                        "encryptionInformation", information(schema_of("ssn", claimed)))),
            9188701);
}

TEST_F(EncryptedCommands, BlobsOfUnknownKindsAreRefused) {
  EXPECT_EQ(refused(insert_command(
                doc("_id", 1, "ssn", insert_payload("a"), "x", binary(Bytes{19, 0, 0})))),
            6373503);
  EXPECT_EQ(refused(insert_command(doc("_id", 1, "ssn", insert_payload("a"), "x", binary({})))),
            6373503);
}

TEST_F(EncryptedCommands, ADocumentWithADamagedValueCanBeRepaired) {
  Bytes damaged(60, 0);
  damaged[0] = 14;
  run(doc("insert", "people", "documents", array(doc("_id", 1, "ssn", binary(damaged))),
          "bypassDocumentValidation", true));
  run(update_command(doc("_id", 1), doc("$set", doc("ssn", insert_payload("a")))));
  EXPECT_THAT(ids(doc("ssn", find_payload("a"))), ElementsAre(1));
  EXPECT_THAT(report().faults, IsEmpty());
}

TEST_F(EncryptedCommands, APlainUnsetLeavesAStaleTagAndNoFault) {
  run(insert_command(doc("_id", 1, "ssn", insert_payload("a"))));
  run(doc("update", "people", "updates",
          array(doc("q", doc("_id", 1), "u", doc("$unset", doc("ssn", 1))))));
  EXPECT_THAT(report().faults, IsEmpty());
  EXPECT_EQ(report().stale_tags, 1u);
}

TEST_F(EncryptedCommands, AComparisonAnywhereInAnExpressionIsThatOfTheValue) {
  run(insert_command(doc("_id", 1, "ssn", insert_payload("a"))));
  run(insert_command(doc("_id", 2, "ssn", insert_payload("b"))));
  run(doc("insert", "people", "documents", array(doc("_id", 3))));
  const auto when = [&](const char* op) {
    return doc("$expr",
               doc("$cond", array(doc(op, array("$ssn", find_payload("a"))), true, false)));
  };
  EXPECT_THAT(ids(when("$eq")), ElementsAre(1));
  EXPECT_THAT(ids(when("$ne")), UnorderedElementsAre(2, 3));
}

TEST_F(EncryptedCommands, AnEncryptedUpdateTakesAwayStaleTags) {
  run(insert_command(doc("_id", 1, "ssn", insert_payload("a"))));
  run(doc("update", "people", "updates",
          array(doc("q", doc("_id", 1), "u", doc("$unset", doc("ssn", 1))))));
  run(update_command(doc("_id", 1), doc("$set", doc("ssn", insert_payload("zzz")))));
  EXPECT_THAT(ids(doc("ssn", find_payload("a"))), IsEmpty());
  run(doc("delete", "people", "deletes", array(doc("q", doc("ssn", find_payload("a")), "limit", 1)),
          "encryptionInformation", information()));
  EXPECT_THAT(ids(doc("ssn", find_payload("zzz"))), ElementsAre(1));
  EXPECT_EQ(report().stale_tags, 0u);
}

TEST_F(EncryptedCommands, AnEncryptedRenameTakesAwayTheTag) {
  run(insert_command(doc("_id", 1, "ssn", insert_payload("a"))));
  run(update_command(doc("_id", 1), doc("$rename", doc("ssn", "former"))));
  EXPECT_THAT(ids(doc("ssn", find_payload("a"))), IsEmpty());
  EXPECT_THAT(report().faults, IsEmpty());
}

TEST_F(EncryptedCommands, AnUpdateByAClientThatKnowsAPartOfTheSchemaKeepsAllTags) {
  run(insert_command(doc("_id", 1, "ssn", insert_payload("a"), "card",
                         doc("number", insert_payload(std::int64_t{5})))));
  run(doc("update", "people", "updates",
          array(doc("q", doc("_id", 1), "u", doc("$set", doc("ssn", insert_payload("b"))))),
          "encryptionInformation", information(schema_of("ssn", 0))));
  EXPECT_THAT(ids(doc("card.number", find_payload(std::int64_t{5}))), ElementsAre(1));
  EXPECT_THAT(ids(doc("ssn", find_payload("b"))), ElementsAre(1));
  EXPECT_THAT(ids(doc("ssn", find_payload("a"))), IsEmpty());
}

TEST_F(EncryptedCommands, ValuesThatAPlainClientMovedAreNoFaults) {
  run(insert_command(doc("_id", 1, "ssn", insert_payload("a"))));
  const Document first = stored(1);
  run(doc("update", "people", "updates",
          array(doc("q", doc("_id", 1), "u", doc("$rename", doc("ssn", "former"))))));
  run(doc("insert", "people", "documents", array(doc("_id", 2, "copy", first["ssn"].value()))));
  EXPECT_THAT(report().faults, IsEmpty());
  EXPECT_EQ(report().stale_tags, 1u);
  EXPECT_EQ(report().misplaced_values, 2u);
}

// {_id, ssn: "a", list: [1, 5]}, and filters for it by ssn and by a member of the list.
class EncryptedConditions : public EncryptedCommands {
 protected:
  EncryptedConditions() {
    run(insert_command(doc("_id", 1, "ssn", insert_payload("a"), "list", array(1, 5))));
  }
  std::vector<Document> filters() const {
    const Value payload = find_payload("a");
    const auto expr = [&](const Document& expression) { return doc("$expr", expression); };
    return {
        doc("ssn", payload, "list", 5),
        doc("list", 5, "ssn", payload),
        doc("list", 5, "$or", array(doc("ssn", payload), doc("x", 1))),
        doc("list", 5, "ssn", doc("$in", array(payload, find_payload("b")))),
        doc("list", 5, "$nor", array(doc("ssn", doc("$ne", payload)))),
        doc("list", 5, "$expr", doc("$eq", array("$ssn", payload))),
        doc("list", 5, "$and", array(expr(doc("$in", array("$ssn", array(payload)))))),
    };
  }
  std::string list() { return json_of(stored(1)); }
  static std::string json_of(const Document& document) {
    return bson::to_json(doc("list", document["list"].value()));
  }
};

TEST_F(EncryptedConditions, LeaveThePositionalOperatorToTheOthersInAnUpdate) {
  for (const Document& filter : filters()) {
    run(update_command(filter, doc("$set", doc("list.$", 99))));
    EXPECT_EQ(list(), json_of(doc("list", array(1, 99)))) << bson::to_json(filter);
    run(update_command(doc("list", 99), doc("$set", doc("list.$", 5))));
  }
}

TEST_F(EncryptedConditions, LeaveThePositionalOperatorToTheOthersInFindAndModify) {
  for (const Document& filter : filters()) {
    const auto modify = [&](const Document& query, int value) {
      run(doc("findAndModify", "people", "query", query, "update",
              doc("$set", doc("list.$", value)), "encryptionInformation", information()));
    };
    modify(filter, 99);
    EXPECT_EQ(list(), json_of(doc("list", array(1, 99)))) << bson::to_json(filter);
    modify(doc("list", 99), 5);
  }
}

TEST_F(EncryptedConditions, LeaveThePositionalOperatorToTheOthersInAProjection) {
  for (const Document& filter : filters()) {
    const Document reply = run(doc("find", "people", "filter", filter, "projection",
                                   doc("list.$", 1), "encryptionInformation", information()));
    const bson::View found =
        reply.view().at_path("cursor.firstBatch").as_array().front().as_document();
    EXPECT_EQ(json_of(Document(found)), json_of(doc("list", array(5)))) << bson::to_json(filter);
  }
}

TEST_F(EncryptedConditions, AloneGiveThePositionalOperatorNothing) {
  const Document filter = doc("ssn", find_payload("a"));
  EXPECT_EQ(refused(update_command(filter, doc("$set", doc("list.$", 99)))), 2);
  EXPECT_EQ(list(), json_of(doc("list", array(1, 5))));
}

TEST_F(CompactionCommands, LeaveNothingBehindThatADropWouldForget) {
  const std::string leftover = ecoc + ".compact";
  const auto exists = [&] {
    return runner.engine().catalog().snapshot()->find(Namespace{"db", leftover}) != nullptr;
  };
  for (const std::string& dropped : {ecoc, ns.collection}) {
    runner.engine().catalog().rename({"db", ecoc}, {"db", leftover});  // a run that did not end
    run(doc("drop", dropped));
    EXPECT_FALSE(exists()) << dropped;
    run(doc("create", ecoc, "clusteredIndex", doc("key", doc("_id", 1), "unique", true)));
  }
  runner.engine().catalog().rename({"db", ecoc}, {"db", leftover});
  run(doc("drop", esc));
  EXPECT_TRUE(exists());
}

}  // namespace
}  // namespace quern::engine::qe
