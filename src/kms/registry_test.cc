// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "kms/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quern/base/error.h"

namespace quern::kms {
namespace {

using ::testing::HasSubstr;

Credentials local_key() {
  Credentials credentials;
  credentials.emplace("key", SecretBytes(96));
  return credentials;
}

template <class Action>
std::string message_of(Action&& action) {
  try {
    action();
  } catch (const ImproperlyConfigured& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(MakeProvider, MakesNamedLocalProviders) {
  EXPECT_EQ(make_provider("local", local_key())->name(), "local");
  EXPECT_EQ(make_provider("local:archive_2", local_key())->name(), "local:archive_2");
}

TEST(MakeProvider, NamesAreLettersDigitsAndUnderscores) {
  EXPECT_THAT(message_of([] { make_provider("local:", local_key()); }), HasSubstr("letters"));
  EXPECT_THAT(message_of([] { make_provider("local:a-b", local_key()); }), HasSubstr("letters"));
}

TEST(MakeProvider, OtherServicesAreRefusedByName) {
  for (const char* name : {"aws", "azure", "gcp", "kmip", "aws:backup"}) {
    EXPECT_THAT(message_of([&] { make_provider(name, {}); }), HasSubstr("is not supported"));
  }
}

TEST(MakeProvider, UnknownServicesAreRefused) {
  EXPECT_THAT(message_of([] { make_provider("locale", local_key()); }),
              HasSubstr("'locale' is of no known type"));
}

TEST(MakeProvider, LocalTakesItsKeyAndNothingElse) {
  EXPECT_THAT(message_of([] { make_provider("local", {}); }), HasSubstr("lacks its 'key'"));
  Credentials credentials = local_key();
  credentials.emplace("region", SecretBytes::copy_of(as_bytes("x")));
  EXPECT_THAT(message_of([&] { make_provider("local", std::move(credentials)); }),
              HasSubstr("not 'region'"));
}

TEST(KmsRegistry, GivesProvidersByName) {
  KmsRegistry registry;
  registry.add(make_provider("local", local_key()));
  registry.add(make_provider("local:b", local_key()));
  EXPECT_EQ(registry.get("local:b").name(), "local:b");
  EXPECT_THAT(registry.names(), ::testing::ElementsAre("local", "local:b"));
}

TEST(KmsRegistry, NamesWhatIsConfiguredWhenAProviderIsMissing) {
  KmsRegistry registry;
  EXPECT_THAT(message_of([&] { registry.get("aws"); }), HasSubstr("kms_providers is empty"));
  registry.add(make_provider("local", local_key()));
  EXPECT_THAT(message_of([&] { registry.get("aws"); }),
              HasSubstr("'aws' is not configured (configured: local)"));
}

TEST(KmsRegistry, RefusesTheSameNameTwice) {
  KmsRegistry registry;
  registry.add(make_provider("local", local_key()));
  EXPECT_THAT(message_of([&] { registry.add(make_provider("local", local_key())); }),
              HasSubstr("configured twice"));
}

}  // namespace
}  // namespace quern::kms
