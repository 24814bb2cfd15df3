// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The pipeline from the application's command to the files and back.
#include <gmock/gmock.h>

#include <set>
#include <thread>

#include "clinic_fixture.h"
#include "keyvault/client_encryption.h"
#include "quern/bson/blob_subtype.h"

namespace quern::product {
namespace {

using bson::BlobSubtype;
using ::testing::HasSubstr;

constexpr std::string_view kAnn = R"({"insert": "patients", "documents": [
    {"_id": 1, "name": "Ann Visible", "ssn": "123-45-6789",
     "record": {"code": 77, "note": "secret note", "billing": {"type": "Visa", "number": "4111"}}}]})";
constexpr std::string_view kFindAnn = R"({"find": "patients", "filter": {"ssn": "123-45-6789"}})";

using EncryptedClinicTest = ClinicTest;

TEST_F(EncryptedClinicTest, AValueIsSavedFoundAndReadBack) {
  create_patients();
  run(kAnn);
  const auto found = find(kFindAnn);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0]["ssn"].as_string(), "123-45-6789");
  EXPECT_EQ(found[0].view().at_path("record.code").as_int32(), 77);
  EXPECT_EQ(found[0].view().at_path("record.note").as_string(), "secret note");
  EXPECT_EQ(found[0].view().at_path("record.billing.number").as_string(), "4111");
  EXPECT_EQ(found[0]["name"].as_string(), "Ann Visible");
  EXPECT_TRUE(find(R"({"find": "patients", "filter": {"ssn": "123-45-6780"}})").empty());
}

TEST_F(EncryptedClinicTest, WithoutKeysThereIsOnlyCiphertext) {
  create_patients();
  run(kAnn);
  const bson::Document reply = run_raw(R"({"find": "patients", "filter": {}})");
  const bson::View stored = reply.view().at_path("cursor.firstBatch.0").as_document();
  EXPECT_EQ(bson::blob_subtype(stored["ssn"]), BlobSubtype::kIndexedEqualityValueV2);
  EXPECT_EQ(bson::blob_subtype(stored.at_path("record.code")),
            BlobSubtype::kIndexedEqualityValueV2);
  EXPECT_EQ(bson::blob_subtype(stored.at_path("record.note")), BlobSubtype::kUnindexedValueV2);
  EXPECT_EQ(bson::blob_subtype(stored.at_path("record.billing")), BlobSubtype::kUnindexedValueV2);
  EXPECT_EQ(stored["__safeContent__"].as_array().count(), 2u);
  EXPECT_EQ(stored["name"].as_string(), "Ann Visible");
}

TEST_F(EncryptedClinicTest, NoFileHoldsAnEncryptedValue) {
  create_patients();
  run(kAnn);
  run(R"({"update": "patients", "updates": [{"q": {"ssn": "123-45-6789"},
          "u": {"$set": {"record.note": "another note"}}}]})");
  stack.reset();
  EXPECT_TRUE(holds(directory, as_bytes("Ann Visible"))) << "a plain field is there to be found";
  for (const char* secret : {"123-45-6789", "secret note", "another note", "Visa", "4111"}) {
    EXPECT_FALSE(holds(directory, as_bytes(secret))) << secret;
  }
}

TEST_F(EncryptedClinicTest, ItIsAllThereAfterReopening) {
  create_patients();
  run(kAnn);
  reopen();
  const auto found = find(kFindAnn);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].view().at_path("record.note").as_string(), "secret note");
}

TEST_F(EncryptedClinicTest, AnUpdateMovesADocumentToItsNewValue) {
  create_patients();
  run(kAnn);
  run(R"({"update": "patients", "updates": [{"q": {"ssn": "123-45-6789"},
          "u": {"$set": {"ssn": "999-99-9999"}}}]})");
  EXPECT_TRUE(find(kFindAnn).empty());
  const auto found = find(R"({"find": "patients", "filter": {"ssn": "999-99-9999"}})");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0]["__safeContent__"].as_array().count(), 2u);
}

TEST_F(EncryptedClinicTest, FindAndModifyReturnsTheDocumentDecrypted) {
  create_patients();
  run(kAnn);
  const bson::Document reply = run(R"({"findAndModify": "patients", "query": {"record.code": 77},
              "update": {"$set": {"record.code": 78}}})");
  EXPECT_EQ(reply.view().at_path("value.record.code").as_int32(), 77);
  EXPECT_EQ(find(R"({"find": "patients", "filter": {"record.code": 78}})").size(), 1u);
}

TEST_F(EncryptedClinicTest, ADeleteByValueDeletes) {
  create_patients();
  run(kAnn);
  run(R"({"delete": "patients", "deletes": [{"q": {"ssn": "123-45-6789"}, "limit": 1}]})");
  EXPECT_TRUE(find(R"({"find": "patients", "filter": {}})").empty());
}

TEST_F(EncryptedClinicTest, ManyDocumentsOfOneValueComeInBatches) {
  create_patients();
  bson::Builder insert;
  insert.append("insert", "patients").open_array("documents");
  for (int i = 0; i < 50; ++i) {
    insert.push(bson::doc("_id", i, "ssn", i % 2 == 0 ? "even" : "odd"));
  }
  insert.close();
  run(insert.finish());
  const auto found = find(R"({"find": "patients", "filter": {"ssn": "even"}, "batchSize": 7})");
  EXPECT_EQ(found.size(), 25u);
  for (const bson::Document& document : found) EXPECT_EQ(document["ssn"].as_string(), "even");
}

TEST_F(EncryptedClinicTest, CompactionAndCleanupKeepEverythingFindable) {
  create_patients();
  for (int i = 0; i < 20; ++i) {
    run(bson::doc("insert", "patients", "documents",
                  bson::array(bson::doc("_id", i, "ssn", "same"))));
  }
  run(R"({"compactStructuredEncryptionData": "patients"})");
  EXPECT_EQ(find(R"({"find": "patients", "filter": {"ssn": "same"}})").size(), 20u);
  run(R"({"insert": "patients", "documents": [{"_id": 100, "ssn": "same"}]})");
  run(R"({"cleanupStructuredEncryptionData": "patients"})");
  EXPECT_EQ(find(R"({"find": "patients", "filter": {"ssn": "same"}})").size(), 21u);
}

TEST_F(EncryptedClinicTest, AggregationSeesValues) {
  create_patients();
  run(kAnn);
  const auto found = find(R"({"aggregate": "patients", "pipeline": [
      {"$match": {"ssn": "123-45-6789"}}, {"$project": {"record.code": 1}}], "cursor": {}})");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].view().at_path("record.code").as_int32(), 77);
}

TEST_F(EncryptedClinicTest, AnAbortedTransactionLeavesNothing) {
  create_patients();
  const bson::Document lsid = bson::doc("id", Uuid::random());
  const auto in_transaction = [&](const bson::Document& command, bool first) {
    bson::Builder builder;
    builder.append_all(command).append("lsid", lsid).append("txnNumber", std::int64_t{1});
    builder.append("autocommit", false);
    if (first) builder.append("startTransaction", true);
    return run_checked(stack->encrypting, "clinic", builder.finish());
  };
  in_transaction(bson::from_json(kAnn), true);
  const bson::Document inside = in_transaction(bson::from_json(kFindAnn), false);
  EXPECT_EQ(inside.view().at_path("cursor.firstBatch").as_array().count(), 1u);
  run_checked(stack->encrypting, "admin",
              bson::doc("abortTransaction", 1, "lsid", lsid, "txnNumber", std::int64_t{1},
                        "autocommit", false));
  EXPECT_TRUE(find(kFindAnn).empty());
  const bson::Document esc = run_raw(R"({"find": "enxcol_.patients.esc", "filter": {}})");
  EXPECT_EQ(esc.view().at_path("cursor.firstBatch").as_array().count(), 0u);
}

TEST_F(EncryptedClinicTest, PlaintextPastTheClientIsRefusedByTheServer) {
  create_patients();
  const Error error = error_of([&] {
    run_raw(R"({"insert": "patients", "documents": [{"_id": 9, "ssn": "123-45-6789"}]})");
  });
  EXPECT_TRUE(error.is(ErrorCode::kDocumentValidationFailure)) << error.what();
}

TEST_F(EncryptedClinicTest, AnotherMasterKeyReadsNothing) {
  create_patients();
  run(kAnn);
  reopen({}, test_kek(0x11));
  const Error error = error_of([&] { find(kFindAnn); });
  EXPECT_TRUE(error.is(ErrorCode::kAuthenticationFailed)) << error.what();
  EXPECT_TRUE(error_of([&] {
                find(R"({"find": "patients", "filter": {}})");
              }).is(ErrorCode::kAuthenticationFailed));
}

TEST_F(EncryptedClinicTest, ADeletedKeyIsNamed) {
  create_patients();
  run(kAnn);
  const Uuid key = stack->vault.find("patients.record.note")->id;
  EXPECT_TRUE(stack->vault.remove(key));
  stack->cache.clear();
  const Error error = error_of([&] { find(kFindAnn); });
  EXPECT_TRUE(error.is(ErrorCode::kKeyNotFound));
  EXPECT_THAT(error.what(), HasSubstr("data key " + key.to_string() +
                                      ", needed by field 'record.note' of clinic.patients"));
}

TEST_F(EncryptedClinicTest, ADamagedKeyDocumentIsNamed) {
  create_patients();
  const Uuid key = stack->vault.find("patients.ssn")->id;
  run_checked(stack->engine, "clinic",
              bson::doc("update", "__keyVault", "updates",
                        bson::array(bson::doc("q", bson::doc("_id", key), "u",
                                              bson::doc("$unset", bson::doc("masterKey", 1))))));
  const Error error = error_of([&] { run(kAnn); });
  EXPECT_TRUE(error.is(ErrorCode::kFailedToParse)) << error.what();
  EXPECT_THAT(error.what(), HasSubstr("'masterKey' is missing"));
}

TEST_F(EncryptedClinicTest, ADataKeyLiesInTheVaultWrapped) {
  keyvault::DataKeyOptions options;
  options.key_material = SecretBytes::copy_of(as_bytes(std::string(96, 'K')));
  stack->vault.create(std::move(options));
  stack.reset();
  EXPECT_FALSE(holds(directory, as_bytes("KKKKKKKK")));
}

TEST_F(EncryptedClinicTest, ManyThreadsMakeOneKeyPerName) {
  std::vector<Uuid> ids(8);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    threads.emplace_back([&, i] {
      // A vault of its own, as in another process: nothing is shared but the database.
      keyvault::KeyVault vault(stack->engine, stack->vault.ns(), stack->registry);
      ids[i] = vault.find_or_create("patients.ssn");
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::set<Uuid>(ids.begin(), ids.end()).size(), 1u);
  EXPECT_EQ(stack->vault.all().size(), 1u);
}

TEST_F(EncryptedClinicTest, NamesComeAndGo) {
  const Uuid first = stack->vault.create({.alt_names = {"a"}});
  const Uuid second = stack->vault.create();
  stack->vault.add_alt_name(first, "b");
  EXPECT_THROW(stack->vault.add_alt_name(second, "b"), IntegrityError);
  EXPECT_EQ(stack->vault.find("b")->id, first);
  stack->vault.remove_alt_name(first, "a");
  stack->vault.remove_alt_name(first, "b");
  EXPECT_TRUE(stack->vault.find(first)->alt_names.empty());
  EXPECT_NO_THROW(stack->vault.add_alt_name(second, "b"));
}

TEST_F(EncryptedClinicTest, RewrappedKeysReadTheSameData) {
  create_patients();
  run(kAnn);
  auto both = std::make_shared<kms::KmsRegistry>();
  both->add(std::make_unique<kms::LocalKms>(test_kek()));
  both->add(std::make_unique<kms::LocalKms>(test_kek(0x22), "local:new"));
  keyvault::KeyVault vault(stack->engine, stack->vault.ns(), both);
  const keyvault::RewrapResult result = vault.rewrap_many({}, "local:new");
  EXPECT_EQ(result.matched, 4);
  EXPECT_EQ(result.modified, 4);

  auto only_new = std::make_shared<kms::KmsRegistry>();
  only_new->add(std::make_unique<kms::LocalKms>(test_kek(0x22), "local:new"));
  keyvault::KeyVault rotated(stack->engine, stack->vault.ns(), only_new);
  keyvault::KeyCache cache(rotated);
  client::EncryptingRunner runner(stack->engine, cache);
  const Reply reply = run_checked(runner, "clinic", bson::from_json(kFindAnn));
  EXPECT_EQ(reply.decrypted().at_path("cursor.firstBatch.0.ssn").plaintext().as_string(),
            "123-45-6789");
}

TEST_F(EncryptedClinicTest, ValuesEncryptedByHandAreFoundByHand) {
  create_patients();
  keyvault::ClientEncryption encryption(stack->cache);
  keyvault::EncryptOptions options{.algorithm = keyvault::Algorithm::kEquality,
                                   .key_id = stack->vault.find("patients.ssn")->id,
                                   .contention = 8};
  run(kAnn);
  options.query = true;
  const bson::Value query = encryption.encrypt(bson::Value::of("123-45-6789"), options);
  // The command carries the schema as an automatic one would.
  stack->wire.take_calls();
  find(kFindAnn);
  const auto calls = stack->wire.take_calls();
  const bson::Document by_hand = bson::doc(
      "find", "patients", "filter", bson::doc("ssn", bson::doc("$eq", query)),
      "encryptionInformation", calls.back().command["encryptionInformation"].as_document());
  const bson::Document reply = run_checked(stack->engine, "clinic", by_hand);
  const bson::Element ssn = reply.view().at_path("cursor.firstBatch.0.ssn");
  EXPECT_EQ(encryption.decrypt(ssn), bson::Value::of("123-45-6789"));
}

// Creation stops after any number of commands, as if the process had been killed, and is run again.
TEST_F(EncryptedClinicTest, CreationCanBeInterruptedAnywhere) {
  for (int commands = 0;; ++commands) {
    const Namespace target{"clinic", "c" + std::to_string(commands)};
    int left = commands;
    RecordingRunner dying([&](std::string_view database, bson::View command) {
      if (left-- == 0) throw Error(ErrorCode::kInterrupted, "killed");
      return stack->engine.run(database, command);
    });
    keyvault::KeyVault vault(dying, stack->vault.ns(), stack->registry);
    bool killed = false;
    try {
      client::create_encrypted_collection(dying, vault, target, fields);
    } catch (const Error& error) {
      ASSERT_TRUE(error.is(ErrorCode::kInterrupted)) << error.what();
      killed = true;
    }
    client::create_encrypted_collection(stack->engine, stack->vault, target, fields);
    EXPECT_EQ(stack->vault.all().size(), 4u * static_cast<std::size_t>(commands + 1));
    run_checked(stack->encrypting, "clinic",
                bson::doc("insert", target.collection, "documents",
                          bson::array(bson::doc("ssn", "123-45-6789"))));
    if (!killed) {
      EXPECT_GE(commands, 4 + 4 + 4) << "four keys found, four made, four commands";
      break;
    }
  }
}

TEST_F(EncryptedClinicTest, ADroppedCollectionTakesItsStateAlong) {
  create_patients();
  run(kAnn);
  client::drop_encrypted_collection(stack->encrypting, ns);
  const bson::Document left =
      run_raw(R"({"listCollections": 1, "filter": {"name": {"$ne": "__keyVault"}}})");
  EXPECT_EQ(left.view().at_path("cursor.firstBatch").as_array().count(), 0u);
  create_patients();
  run(kAnn);
  EXPECT_EQ(find(kFindAnn).size(), 1u);
}

TEST_F(EncryptedClinicTest, APinnedMapRefusesAServerThatForgotItsSchema) {
  create_patients();
  const bson::Document complete = client::complete_encrypted_fields(stack->vault, ns, fields);
  reopen({.map = schema::EncryptedFieldsMap::parse(bson::doc("clinic.patients", complete))});
  run(kAnn);
  EXPECT_EQ(find(kFindAnn).size(), 1u);

  client::drop_encrypted_collection(stack->engine, ns);
  run_raw(R"({"create": "patients"})");
  stack->encrypting.forget_schemas();
  stack->wire.take_calls();
  EXPECT_TRUE(error_of([&] { run(kAnn); }).is(ErrorCode::kIllegalOperation));
  for (const auto& call : stack->wire.take_calls()) EXPECT_EQ(call.name(), "listCollections");
}

}  // namespace
}  // namespace quern::product
