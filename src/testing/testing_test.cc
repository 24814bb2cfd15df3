// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quern/models/models.h"
#include "quern/testing/temporary_project.h"

namespace {

using quern::testing::FailingKms;
using quern::testing::MockKms;
using quern::testing::TemporaryProject;
using ::testing::HasSubstr;

struct Person {
  quern::Id id{};
  quern::Char<50> name;
  quern::Encrypted<quern::Char<11>, quern::equality> ssn;
};
struct Visit {
  quern::Id id{};
  std::int64_t number = 0;
};
const auto ssn = quern::f(&Person::ssn);

template <class Action>
quern::Error error_of(Action&& action) {
  try {
    action();
  } catch (const quern::Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {0, ""};
}

TEST(TemporaryProject, HoldsModelsOnceTheyAreMigrated) {
  TemporaryProject project;
  project->app<Person, Visit>("clinic");
  project.migrate();
  Person ann{.name = "Ann", .ssn = "123-45-6789"};
  project->save(ann);
  EXPECT_EQ(project->objects<Person>().get(ssn == "123-45-6789").name, "Ann");
  EXPECT_EQ(project->objects<Visit>().count(), 0);
}

TEST(TemporaryProject, MayBeMigratedAgain) {
  TemporaryProject project;
  project->app<Person>("clinic");
  project.migrate();
  EXPECT_NO_THROW(project.migrate());
}

TEST(TemporaryProject, SharesNothingWithAnother) {
  TemporaryProject one;
  TemporaryProject other;
  for (TemporaryProject* project : {&one, &other}) {
    (*project)->app<Person>("clinic");
    project->migrate();
  }
  Person ann{.name = "Ann", .ssn = "1"};
  one->save(ann);
  EXPECT_EQ(other->objects<Person>().count(), 0);
}

TEST(TemporaryProject, LeavesNoFolder) {
  std::filesystem::path path;
  {
    TemporaryProject project;
    project->app<Person>("clinic");
    project.migrate();
    path = project.folder().path();
    EXPECT_TRUE(std::filesystem::exists(path / "clinic" / "migrations" / "0001_initial.json"));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(TemporaryProject, TellsWhatACommandPrintedThatFailed) {
  TemporaryProject project;
  const quern::Error error = error_of([&] { project.run({"migrate", "--database", "nowhere"}); });
  EXPECT_TRUE(error.is(quern::ErrorCode::kOperationFailed));
  EXPECT_THAT(error.what(), HasSubstr("The connection 'nowhere' doesn't exist."));
}

TEST(InMemory, TakesAnApplicationsSettingsWithoutTouchingWhatTheyName) {
  quern::Settings settings;
  settings.databases["default"] = {.host = "embedded:/nowhere/plain", .name = "plain"};
  settings.databases["encrypted"] = {
      .host = "mongodb+srv://cluster0.example.mongodb.net/secrets?appName=clinic",
      .password = quern::secret::env("QUERN_NO_SUCH_VARIABLE"),
      .auto_encryption =
          quern::AutoEncryption{
              .key_vault_namespace = "secrets.__keyVault",
              .kms_providers = {quern::kms::Aws{
                  .access_key_id = quern::secret::env("QUERN_NO_SUCH_VARIABLE"),
                  .secret_access_key = quern::secret::env("QUERN_NO_SUCH_VARIABLE")}},
              .encrypted_fields_map = "/nowhere/map.json"},
      .kms_credentials = {quern::kms::AwsMasterKey{.key = "arn:aws:kms:x", .region = "eu"}}};
  settings.database_routers = {quern::AppRouter{.app = "clinic", .database = "encrypted"}};

  TemporaryProject project{quern::testing::in_memory(settings)};
  project->app<Person>("clinic");
  project->app<Visit>("plain");
  project.migrate();
  Person ann{.name = "Ann", .ssn = "1"};
  project->save(ann);
  EXPECT_EQ(ann.id.database(), "encrypted");
  EXPECT_EQ(project->objects<Person>().filter(ssn == "1").count(), 1);
  EXPECT_FALSE(std::filesystem::exists("/nowhere"));
}

TEST(MockKms, IsAskedForEveryDataKey) {
  const auto kms = std::make_shared<MockKms>();
  TemporaryProject project{quern::testing::memory_settings(kms)};
  project->app<Person>("clinic");
  project.migrate();
  EXPECT_EQ(kms->wraps(), 1);
  Person ann{.name = "Ann", .ssn = "1"};
  project->save(ann);
  EXPECT_GE(kms->unwraps(), 1);
  EXPECT_EQ(kms->master_key(), quern::bson::doc("provider", "local"));
}

TEST(MockKms, DoesNotKnowAnothersKeys) {
  MockKms kms;
  std::uint8_t key[96];
  const quern::Error error = error_of([&] { kms.unwrap(quern::as_bytes("other"), {}, key); });
  EXPECT_TRUE(error.is(quern::ErrorCode::kAuthenticationFailed));
}

TEST(FailingKms, FailsUntilItRecovers) {
  const auto kms = std::make_shared<FailingKms>();
  TemporaryProject project{quern::testing::memory_settings(kms)};
  project->app<Person>("clinic");
  EXPECT_THAT(error_of([&] { project.migrate(); }).what(), HasSubstr("out of order"));
  kms->recover();
  project.migrate();
  Person ann{.name = "Ann", .ssn = "1"};
  project->save(ann);
  EXPECT_EQ(project->objects<Person>().count(), 1);
}

TEST(FailingKms, ThrowsWhatItWasGiven) {
  FailingKms kms;
  kms.fail({quern::ErrorCode::kUnauthorized, "no access"});
  std::uint8_t key[96];
  EXPECT_TRUE(error_of([&] { kms.wrap(key, {}); }).is(quern::ErrorCode::kUnauthorized));
}

}  // namespace
