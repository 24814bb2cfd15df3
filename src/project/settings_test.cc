// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/project/settings.h"

#include <gmock/gmock.h>

#include "project/durability_setting.h"
#include "project/settings_check.h"
#include "project/test_folder.h"
#include "quern/base/error.h"

namespace quern {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::Property;
using testing::Throws;

struct OnlyReads {
  std::optional<std::string> db_for_read(const ModelRef&, const Hints&) const {
    return std::nullopt;
  }
};

constexpr const char* kComplete = R"(
database_routers = ["OnlyReads", "MongoRouter", { app = "myapp", database = "encrypted" }]

[databases.default]
host = "mongodb+srv://cluster0.example.mongodb.net"
name = "my_db"
user = "ada"
password = "env:DB_PASSWORD"
options = { replicaSet = "rs0", maxPoolSize = 5, tls = true }

[databases.encrypted]
host = "embedded:data"
name = "encrypted_db"
durability = "always"

[databases.encrypted.auto_encryption]
key_vault_namespace = "encrypted_db.__keyVault"
crypt_shared_lib_path = "/path/to/mongo_crypt_v1.so"
crypt_shared_lib_required = true
encrypted_fields_map = "map.json"
key_expiration_ms = 1000
decrypt = "anywhere"
default_kms_provider = "local"

[databases.encrypted.auto_encryption.kms_providers]
local.key = "file:local_kek"
aws.accessKeyId = "env:AWS_ACCESS_KEY_ID"
aws.secretAccessKey = "env:AWS_SECRET_ACCESS_KEY"

[databases.encrypted.kms_credentials.aws]
key = "arn:aws:kms:eu-central-1:0:key/x"
region = "eu-central-1"
)";

// What loading the text reports; empty when it loads.
std::string fault(const std::string& toml) {
  const TestFolder folder;
  const auto file = folder.write("settings.toml", toml);
  try {
    Settings::load(file);
  } catch (const ImproperlyConfigured& error) {
    return error.what();
  }
  return "";
}

// The same for a valid file with one more line under [databases.default].
std::string fault_of_line(const std::string& line) {
  return fault("[databases.default]\nhost = \"memory:\"\nname = \"db\"\n" + line + "\n");
}

TEST(Settings, EveryNameIsRead) {
  const TestFolder folder;
  const auto file = folder.write("settings.toml", kComplete);
  const Settings settings = Settings::load(file, {OnlyReads{}});
  EXPECT_EQ(settings.base_directory, folder.path());
  ASSERT_EQ(settings.database_routers.size(), 3u);
  EXPECT_EQ(settings.database_routers[2].name(), "quern::AppRouter");

  const DatabaseSettings& plain = settings.databases.at("default");
  EXPECT_EQ(plain.user, "ada");
  EXPECT_EQ(plain.password, secret::env("DB_PASSWORD"));
  EXPECT_EQ(plain.options.at("maxPoolSize"), "5");
  EXPECT_EQ(plain.options.at("tls"), "true");

  const DatabaseSettings& encrypted = settings.databases.at("encrypted");
  EXPECT_EQ(encrypted.durability, "always");
  ASSERT_TRUE(encrypted.auto_encryption);
  EXPECT_EQ(encrypted.auto_encryption->key_vault_namespace, "encrypted_db.__keyVault");
  EXPECT_EQ(encrypted.auto_encryption->encrypted_fields_map, "map.json");
  EXPECT_EQ(encrypted.auto_encryption->key_expiration_ms, 1000);
  EXPECT_EQ(encrypted.auto_encryption->decrypt, "anywhere");
  ASSERT_EQ(encrypted.auto_encryption->kms_providers.size(), 2u);
  EXPECT_EQ(encrypted.auto_encryption->kms_providers[1].secrets.at("key"),
            secret::file("local_kek"));
  EXPECT_EQ(encrypted.kms_credentials.at(0).options.at("region"), "eu-central-1");
}

TEST(Settings, WhatHasNoEffectIsSaid) {
  const TestFolder folder;
  const auto file = folder.write("settings.toml", kComplete);
  EXPECT_THAT(settings_without_effect(Settings::load(file, {OnlyReads{}})),
              ElementsAre(HasSubstr("crypt_shared_lib_path has no effect"),
                          HasSubstr("crypt_shared_lib_required has no effect"),
                          HasSubstr("MongoRouter has no effect")));
}

TEST(Settings, AllProblemsComeAtOnceWithTheirLines) {
  EXPECT_EQ(fault(R"([databases.default]
hsot = "memory:"
name = "db"

[databases.encrypted]
host = "memory:"
name = "a"
port = "x"
[databases.encrypted.auto_encryption]
key_vault_namespace = "b.__keyVault"
kms_providers.local.key = "secret in the clear"
)")
                .substr(fault("x").find(": ")),
            std::string(": 5 problems\n"
                        "  line 1: databases.default: is missing the \"host\" value.\n"
                        "  line 2: databases.default.hsot: unknown key. Did you mean 'host'?\n"
                        "  line 8: databases.encrypted.port: must be a whole number\n"
                        "  line 10: databases.encrypted.auto_encryption.key_vault_namespace: "
                        "'b.__keyVault': the database part must be 'a', the database's name\n"
                        "  line 11: databases.encrypted.auto_encryption.kms_providers.local.key: "
                        "secrets do not stand in settings: write where it is, as \"file:PATH\" or "
                        "\"env:NAME\""));
}

TEST(Settings, AValueOfAWrongTypeIsNotCalledMissingAndHidesNoOtherProblem) {
  EXPECT_EQ(
      fault("[databases.default]\nhost = 5\nname = 6\nport = 0\ndurability = \"x\"\n"
            "[databases.default.auto_encryption]\nkms_providers.local.key = \"file:k\"\n"
            "key_vault_namespace = \"a.__keyVault\"\n")
          .substr(fault("x").find(": ")),
      std::string(": 4 problems\n"
                  "  line 2: databases.default.host: must be a string\n"
                  "  line 3: databases.default.name: must be a string\n"
                  "  line 4: databases.default.port: must be between 1 and 65535\n"
                  "  line 5: databases.default.durability: ") +
          [] {
            try {
              parse_durability("x");
            } catch (const Error& error) {
              return std::string(error.what());
            }
            return std::string();
          }());
  EXPECT_THAT(fault("databases = 5\n"),
              EndsWith(": 1 problem\n  line 1: databases: must be a table"));
  EXPECT_THAT(fault("[databases]\ndefault = 5\n"),
              EndsWith(": 1 problem\n  line 2: databases.default: must be a table"));
}

TEST(Settings, TextWithoutQuotesIsToldSo) {
  EXPECT_THAT(fault("[databases.default]\nhost = memory:\n"),
              AllOf(HasSubstr("line 2"), HasSubstr("text stands in quotes")));
}

TEST(Settings, AFolderIsNoSettingsFile) {
  const TestFolder folder;
  EXPECT_THAT([&] { Settings::load(folder.path()); },
              Throws<ImproperlyConfigured>(Property(&Error::what, HasSubstr("is a folder"))));
}

TEST(Settings, SecretsInTheClearAreNotRepeated) {
  EXPECT_THAT(fault_of_line("password = \"hunter2\""), Not(HasSubstr("hunter2")));
}

TEST(Settings, DefaultMustBeThere) {
  EXPECT_THAT(fault("[databases.other]\nhost = \"memory:\"\nname = \"db\"\n"),
              HasSubstr("You must define a 'default' database."));
  EXPECT_THAT(fault(""), HasSubstr("You must define a 'default' database."));
}

TEST(Settings, SyntaxErrorsHaveTheirLine) {
  EXPECT_THAT(fault("[databases.default]\nhost = \n"), HasSubstr("line 2"));
}

TEST(Settings, NameIsNeeded) {
  EXPECT_THAT(fault("[databases.default]\nhost = \"memory:\"\n"),
              HasSubstr("line 1: databases.default: is missing the \"name\" value."));
}

TEST(Settings, HostsOptionsAreForClusters) {
  EXPECT_THAT(fault_of_line("port = 27017"), HasSubstr("port: is for mongodb:// hosts"));
  EXPECT_THAT(fault_of_line("options = { a = 1 }"), HasSubstr("options: is for mongodb:// hosts"));
  EXPECT_THAT(fault("[databases.default]\nhost = \"mongodb+srv://h\"\nname = \"a\"\nport = 1"),
              HasSubstr("cannot be given with mongodb+srv://"));
}

TEST(Settings, OptionsOfConnectionStringsAreKnownOnes) {
  const auto with = [](const std::string& host, const std::string& options) {
    return fault("[databases.default]\nhost = \"" + host + "\"\nname = \"a\"\noptions = { " +
                 options + " }\n");
  };
  EXPECT_EQ(with("mongodb://h/?retrywrites=true&appName=x", "maxPoolSize = 5, TLS = true"), "");
  EXPECT_THAT(with("mongodb://h", "fooBar = \"x\""),
              HasSubstr("line 4: databases.default.options.fooBar: connection strings have no "
                        "option 'fooBar'"));
  EXPECT_THAT(with("mongodb://h", "replicaSte = \"x\""), HasSubstr("Did you mean 'replicaSet'?"));
  EXPECT_THAT(with("mongodb://h/?tsl=true", ""),
              HasSubstr("line 2: databases.default.host: connection strings have no option 'tsl'. "
                        "Did you mean 'tls'?"));
}

TEST(Settings, APasswordThatLooksLikeOptionsIsNotRepeated) {
  EXPECT_THAT(fault("[databases.default]\nhost = \"mongodb://ada:hun?ter=2&x@h/\"\nname = \"a\"\n"),
              Not(HasSubstr("ter")));
}

TEST(Settings, DurabilityIsChecked) {
  EXPECT_EQ(fault_of_line("durability = \"100ms\""), "");
  EXPECT_THAT(fault_of_line("durability = \"100\""), HasSubstr("durability: must be"));
  EXPECT_THAT(fault_of_line("durability = \"sometimes\""), HasSubstr("durability: must be"));
}

TEST(Settings, AliasesOfOneEngineMustAgreeOnDurability) {
  EXPECT_THAT(fault("[databases.default]\nhost = \"embedded:d\"\nname = \"a\"\n"
                    "[databases.other]\nhost = \"embedded:d\"\nname = \"b\"\n"
                    "durability = \"never\"\n"),
              HasSubstr("another alias has the same host and another durability"));
}

TEST(Settings, AliasesOfOneEngineMustAgreeOnReadingOnly) {
  EXPECT_THAT(fault("[databases.default]\nhost = \"embedded:d\"\nname = \"a\"\n"
                    "[databases.other]\nhost = \"embedded:d\"\nname = \"b\"\n"
                    "read_only = true\n"),
              HasSubstr("another alias has the same host, and only one of the two is read only"));
}

TEST(Settings, OnlyAFolderIsReadOnly) {
  for (const char* host : {"memory:", "mongodb://h/"}) {
    EXPECT_THAT(fault("[databases.default]\nhost = \"" + std::string(host) +
                      "\"\nname = \"a\"\nread_only = true\n"),
                HasSubstr("read_only: is for embedded databases in a folder"));
  }
}

TEST(Settings, ProvidersAreChecked) {
  const auto with = [](const std::string& lines) {
    return fault_of_line("[databases.default.auto_encryption]\nkey_vault_namespace = \"db.kv\"\n" +
                         lines);
  };
  EXPECT_EQ(with("kms_providers.local.key = \"env:K\""), "");
  EXPECT_THAT(with("kms_providers.local.key = \"env:K\"\ndecrypt = \"always\""),
              HasSubstr("decrypt: must be \"schema\" or \"anywhere\""));
  EXPECT_THAT(with(""), HasSubstr("is missing the \"kms_providers\" value"));
  EXPECT_THAT(with("kms_providers.locla.key = \"env:K\""), HasSubstr("did you mean 'local'?"));
  EXPECT_THAT(with("kms_providers.local.kye = \"env:K\""), HasSubstr("Did you mean 'key'?"));
  EXPECT_THAT(with("kms_providers.aws.accessKeyId = \"env:A\"\n"
                   "kms_providers.aws.secretAccessKey = \"env:B\""),
              HasSubstr("is missing 'kms_credentials' required for KMS 'aws'."));
  EXPECT_THAT(with("kms_providers.local.key = \"env:K\"\n"
                   "kms_providers.\"local:old\".key = \"env:L\""),
              HasSubstr("has the providers local, local:old: set default_kms_provider"));
}

TEST(Settings, UnknownRoutersAreNamed) {
  EXPECT_THAT(fault("database_routers = [\"myapp.EncryptedRouter\"]\n[databases.default]\n"
                    "host = \"memory:\"\nname = \"a\"\n"),
              HasSubstr("line 1: database_routers[0]: there is no router 'myapp.EncryptedRouter'"));
}

TEST(Settings, AMissingFileIsNamed) {
  EXPECT_THROW(Settings::load("/nowhere/settings.toml"), ImproperlyConfigured);
}

}  // namespace
}  // namespace quern
