// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "project/host.h"

#include <gmock/gmock.h>

#include "quern/base/error.h"

namespace quern {
namespace {

TEST(Host, SaysWhatKindItIs) {
  EXPECT_EQ(Host::parse("embedded:data/x").kind, Host::Kind::kEmbedded);
  EXPECT_EQ(Host::parse("embedded:data/x").location, "data/x");
  EXPECT_EQ(Host::parse("memory:").kind, Host::Kind::kMemory);
  EXPECT_EQ(Host::parse("mongodb+srv://cluster0.example.mongodb.net").kind, Host::Kind::kMongo);
  EXPECT_THROW(Host::parse("localhost:27017"), ImproperlyConfigured);
  EXPECT_THROW(Host::parse("embedded:"), ImproperlyConfigured);
}

TEST(Host, AMisspeltSchemeNamesTheNearest) {
  EXPECT_THAT([] { Host::parse("embeded:data"); },
              testing::Throws<ImproperlyConfigured>(
                  testing::Property(&Error::what, testing::EndsWith("Did you mean embedded:?"))));
  EXPECT_THAT([] { Host::parse("mongo://h"); },
              testing::Throws<ImproperlyConfigured>(
                  testing::Property(&Error::what, testing::EndsWith("Did you mean mongodb://?"))));
}

TEST(ConnectionString, PortAndOptionsOverrideTheHosts) {
  EXPECT_EQ(connection_string({.host = "mongodb://u:p@h:1/db?a=b",
                               .port = 2,
                               .options = {{"replicaSet", "rs0"}, {"appName", "a b"}}}),
            "mongodb://u:p@h:2/db?a=b&appName=a%20b&replicaSet=rs0");
  EXPECT_EQ(connection_string({.host = "mongodb://[::1]", .port = 2}), "mongodb://[::1]:2/");
  EXPECT_EQ(connection_string({.host = "mongodb://a,b"}), "mongodb://a,b/");
}

TEST(DatabaseName, IsTheHostsWhenNoneIsGiven) {
  EXPECT_EQ(database_name({.host = "mongodb://h/clinic?x=y"}), "clinic");
  EXPECT_EQ(database_name({.host = "mongodb://h/clinic", .name = "other"}), "other");
  EXPECT_EQ(database_name({.host = "memory:"}), "");
}

}  // namespace
}  // namespace quern
