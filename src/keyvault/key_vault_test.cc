// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "keyvault/key_vault.h"

#include <gmock/gmock.h>

#include "keyvault/vault_fixture.h"
#include "quern/bson/json.h"

namespace quern::keyvault {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using KeyVaultTest = VaultTest;

std::vector<std::string> names_of(const std::vector<RecordingRunner::Call>& calls) {
  std::vector<std::string> names;
  for (const auto& call : calls) names.emplace_back(call.name());
  return names;
}

TEST_F(KeyVaultTest, TheIndexIsUniquePartialAndMadeOnce) {
  vault.ensure_index();
  vault.ensure_index();
  const auto calls = runner.take_calls();
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].database, "quern");
  EXPECT_EQ(bson::to_json(calls[0].command),
            bson::to_json(bson::from_json(
                R"({"createIndexes": "__keyVault", "indexes": [{"key": {"keyAltNames": 1},
                    "name": "keyAltNames_1", "unique": true,
                    "partialFilterExpression": {"keyAltNames": {"$exists": true}}}],
                    "writeConcern": {"w": "majority"}})")));
}

TEST_F(KeyVaultTest, KeysAreReadWithMajorityByIdOrName) {
  const Uuid id = Uuid::random();
  const std::vector<std::string> names{"a"};
  vault.fetch(std::span(&id, 1), names);
  const auto calls = runner.take_calls();
  ASSERT_EQ(calls.size(), 1u);
  const bson::View command = calls[0].command;
  EXPECT_EQ(command.at_path("filter.$or.0._id.$in.0").as_uuid(), id);
  EXPECT_EQ(command.at_path("filter.$or.1.keyAltNames.$in.0").as_string(), "a");
  EXPECT_EQ(command.at_path("readConcern.level").as_string(), "majority");
}

TEST_F(KeyVaultTest, BothArmsOfTheFilterAreAlwaysThere) {
  vault.find(Uuid::random());
  EXPECT_TRUE(
      runner.take_calls()[0].command.view().at_path("filter.$or.1.keyAltNames.$in").is_array());
}

TEST_F(KeyVaultTest, ANewKeyIsWrappedAndDated) {
  const Uuid id = vault.create({.alt_names = {"patients.ssn"}});
  const DataKeyDocument key = stored_key(id);
  EXPECT_THAT(key.alt_names, ElementsAre("patients.ssn"));
  EXPECT_EQ(key.key_material.size(), 160u);
  EXPECT_EQ(key.creation_date.milliseconds, 1'767'225'600'000);
  EXPECT_EQ(key.update_date, key.creation_date);
  EXPECT_EQ(key.provider(), "local");
  EXPECT_EQ(vault.unwrap(key).size(), 96u);
  EXPECT_EQ(id.bytes()[6] >> 4, 4) << "a random UUID is of version 4";
}

TEST_F(KeyVaultTest, InsertsAskForMajority) {
  vault.create();
  EXPECT_EQ(runner.take_calls().back().command.view().at_path("writeConcern.w").as_string(),
            "majority");
}

TEST_F(KeyVaultTest, TheUniqueIndexComesBeforeTheFirstName) {
  vault.create({.alt_names = {"a"}});
  EXPECT_THAT(names_of(runner.take_calls()), ElementsAre("createIndexes", "insert"));
}

TEST_F(KeyVaultTest, GivenMaterialIsUsed) {
  DataKeyOptions options;
  options.key_material = counting_key(42);
  const Uuid id = vault.create(std::move(options));
  EXPECT_TRUE(equal(vault.unwrap(stored_key(id)).bytes(), counting_key(42).bytes()));
}

TEST_F(KeyVaultTest, GivenMaterialMustBe96Bytes) {
  DataKeyOptions options;
  options.key_material = SecretBytes(95);
  EXPECT_TRUE(error_of([&] { vault.create(std::move(options)); }).is(ErrorCode::kBadValue));
  EXPECT_EQ(runner.call_count(), 0u);
}

TEST_F(KeyVaultTest, ATakenNameIsAnIntegrityError) {
  vault.ensure_index();
  queue(duplicate_key_reply());
  EXPECT_THROW(vault.create({.alt_names = {"a"}}), IntegrityError);
}

TEST_F(KeyVaultTest, FindOrCreateFindsTheSameKeyAgain) {
  const Uuid first = vault.find_or_create("patients.ssn");
  EXPECT_EQ(vault.find_or_create("patients.ssn"), first);
  EXPECT_NE(vault.find_or_create("patients.name"), first);
  EXPECT_EQ(documents.size(), 2u);
}

TEST_F(KeyVaultTest, TheLoserOfTheRaceFindsTheWinnersKey) {
  vault.ensure_index();
  const Uuid winner = vault.create({.alt_names = {"a"}});
  queue(found({}));              // not there yet
  queue(duplicate_key_reply());  // then somebody else was faster
  EXPECT_EQ(vault.find_or_create("a"), winner);
}

TEST_F(KeyVaultTest, ARaceThatNeverEndsIsReported) {
  vault.ensure_index();
  for (int attempt = 0; attempt < 3; ++attempt) {
    queue(found({}));
    queue(duplicate_key_reply());
  }
  EXPECT_THROW(vault.find_or_create("a"), IntegrityError);
}

TEST_F(KeyVaultTest, TwoKeysOfOneNameAreRefused) {
  vault.create({.alt_names = {"a"}});
  vault.create({.alt_names = {"a"}});
  EXPECT_THAT(error_of([&] { vault.find("a"); }).what(), HasSubstr("unique index"));
}

TEST_F(KeyVaultTest, AKeyThatWasNotAskedForIsRefused) {
  const Uuid wanted = vault.create({.alt_names = {"a"}});
  vault.create({.alt_names = {"b"}});
  const std::vector<bson::Document> other{documents[1]};
  for (const auto& find : std::initializer_list<std::function<void()>>{
           [&] { vault.find(wanted); }, [&] { vault.find("a"); },
           [&] { vault.find_or_create("a"); }}) {
    queue(found(other));
    const Error error = error_of(find);
    EXPECT_TRUE(error.is(ErrorCode::kFailedToParse));
    EXPECT_THAT(error.what(), HasSubstr("which it was not asked for"));
  }
}

TEST_F(KeyVaultTest, TwoDocumentsOfOneIdAreRefused) {
  const Uuid id = vault.create();
  queue(found(std::vector{documents[0], documents[0]}));
  EXPECT_THAT(error_of([&] { vault.find(id); }).what(),
              HasSubstr("two documents of data key " + id.to_string()));
}

TEST_F(KeyVaultTest, AnAnswerThatNeverEndsIsRefusedAtItsFirstRepetition) {
  const Uuid id = vault.create();
  std::size_t batches = 0;
  runner.set_answer([&](std::string_view, bson::View command) {
    ++batches;
    const bool first = command.front().key() == "find";
    return bson::doc("cursor",
                     bson::doc("id", std::int64_t{7}, "ns", "quern.__keyVault",
                               first ? "firstBatch" : "nextBatch", bson::array(documents[0])),
                     "ok", 1.0);
  });
  EXPECT_THAT(error_of([&] { vault.find(id); }).what(), HasSubstr("two documents of data key"));
  EXPECT_LE(batches, 3u);  // the last one kills the cursor
}

TEST_F(KeyVaultTest, TwoKeysThatWereAskedForByIdMayNotShareAName) {
  const std::vector<Uuid> ids{vault.create({.alt_names = {"a", "b"}}),
                              vault.create({.alt_names = {"b"}})};
  EXPECT_THAT(error_of([&] { vault.fetch(ids, {}); }).what(), HasSubstr("the alternate name 'b'"));
}

TEST_F(KeyVaultTest, AnotherMasterKeyIsNamedWithKeyAndVault) {
  const Uuid id = vault.create();
  const KeyVault other(runner, vault.ns(), local_registry(8), clock);
  const Error error = error_of([&] { other.unwrap(stored_key(id)); });
  EXPECT_TRUE(error.is(ErrorCode::kAuthenticationFailed));
  EXPECT_THAT(error.what(), HasSubstr("data key " + id.to_string() + " in quern.__keyVault: "));
}

TEST_F(KeyVaultTest, AProviderThatIsNotConfiguredIsNamed) {
  const Uuid id = vault.create();
  const KeyVault other(runner, vault.ns(), std::make_shared<kms::KmsRegistry>(), clock);
  try {
    other.unwrap(stored_key(id));
    FAIL();
  } catch (const ImproperlyConfigured& error) {
    EXPECT_THAT(error.what(), HasSubstr(id.to_string()));
    EXPECT_THAT(error.what(), HasSubstr("'local' is not configured"));
  }
}

TEST_F(KeyVaultTest, ShortMaterialIsDamage) {
  const Uuid id = vault.create();
  DataKeyDocument key = stored_key(id);
  key.key_material.pop_back();
  EXPECT_TRUE(error_of([&] { vault.unwrap(key); }).is(ErrorCode::kFailedToParse));
}

TEST_F(KeyVaultTest, AddingANameReturnsTheDocumentBefore) {
  const Uuid id = vault.create({.alt_names = {"a"}});
  vault.ensure_index();
  runner.take_calls();
  queue(bson::doc("value", stored_key(id).to_bson(), "ok", 1.0));
  const auto before = vault.add_alt_name(id, "b");
  ASSERT_TRUE(before);
  EXPECT_THAT(before->alt_names, ElementsAre("a"));
  const auto calls = runner.take_calls();
  EXPECT_EQ(calls[0].command.view().at_path("update.$addToSet.keyAltNames").as_string(), "b");
  EXPECT_EQ(calls[0].command.view().at_path("query._id").as_uuid(), id);
}

TEST_F(KeyVaultTest, ANameIsNeverReadAsAFieldPath) {
  queue(bson::doc("value", bson::Null{}, "ok", 1.0));
  EXPECT_FALSE(vault.remove_alt_name(Uuid::random(), "$status"));
  const auto calls = runner.take_calls();
  const bson::Element condition =
      calls[0].command.view().at_path("update.0.$set.keyAltNames.$cond");
  EXPECT_EQ(condition.as_array().at_path("0.$eq.1.0.$literal").as_string(), "$status");
  EXPECT_EQ(condition.as_array().at_path("1").as_string(), "$$REMOVE");
  EXPECT_EQ(condition.as_array().at_path("2.$filter.cond.$ne.1.$literal").as_string(), "$status");
}

TEST_F(KeyVaultTest, RemovingSaysWhetherThereWasSuchAKey) {
  queue(bson::doc("n", 1, "ok", 1.0));
  EXPECT_TRUE(vault.remove(Uuid::random()));
  queue(bson::doc("n", 0, "ok", 1.0));
  EXPECT_FALSE(vault.remove(Uuid::random()));
}

TEST_F(KeyVaultTest, RewrappingKeepsTheDataKeyAndChangesItsWrapping) {
  const Uuid id = vault.create();
  const DataKeyDocument before = stored_key(id);
  auto both = std::make_shared<kms::KmsRegistry>();
  both->add(std::make_unique<kms::LocalKms>(counting_key(7)));
  both->add(std::make_unique<kms::LocalKms>(counting_key(8), "local:new"));
  KeyVault two(runner, vault.ns(), both, clock);
  runner.take_calls();
  queue(found(documents));
  queue(bson::doc("n", 1, "nModified", 1, "ok", 1.0));
  const RewrapResult result = two.rewrap_many({}, "local:new");
  EXPECT_EQ(result.matched, 1);
  EXPECT_EQ(result.modified, 1);

  const auto calls = runner.take_calls();
  const bson::View update = calls[1].command.view().at_path("updates.0").as_document();
  EXPECT_EQ(update.at_path("q._id").as_uuid(), id);
  EXPECT_TRUE(update.at_path("u.$currentDate.updateDate").as_bool());
  DataKeyDocument after = before;
  const BytesView material = update.at_path("u.$set.keyMaterial").as_binary().bytes;
  after.key_material.assign(material.begin(), material.end());
  after.master_key = bson::Document(update.at_path("u.$set.masterKey").as_document());
  EXPECT_EQ(after.provider(), "local:new");
  EXPECT_NE(after.key_material, before.key_material);
  EXPECT_TRUE(equal(two.unwrap(after).bytes(), vault.unwrap(before).bytes()));
}

TEST_F(KeyVaultTest, RewrappingNothingWritesNothing) {
  EXPECT_EQ(vault.rewrap_many({}).matched, 0);
  EXPECT_THAT(names_of(runner.take_calls()), ElementsAre("find"));
}

TEST_F(KeyVaultTest, AMasterKeyToRewrapWithNeedsItsProvider) {
  EXPECT_TRUE(
      error_of([&] { vault.rewrap_many({}, {}, bson::doc("key", "x")); }).is(ErrorCode::kBadValue));
}

TEST_F(KeyVaultTest, NoCommandHoldsAKeyInTheClear) {
  DataKeyOptions options;
  options.key_material = counting_key(42);
  options.alt_names = {"a"};
  vault.create(std::move(options));
  const std::string_view key = as_text(counting_key(42).bytes()).substr(0, 16);
  const std::string needle(key);
  for (const auto& call : runner.take_calls()) {
    EXPECT_EQ(as_text(call.command.bytes()).find(needle), std::string_view::npos);
  }
}

}  // namespace
}  // namespace quern::keyvault
