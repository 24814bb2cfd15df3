// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "keyvault/key_cache.h"

#include <gmock/gmock.h>

#include <thread>

#include "keyvault/vault_fixture.h"

namespace quern::keyvault {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

class KeyCacheTest : public VaultTest {
 protected:
  KeyCache cache{vault, KeyCache::kDefaultLifetime, clock};
};

TEST_F(KeyCacheTest, AKeyIsReadOnceWhileItLives) {
  const Uuid id = vault.create();
  runner.take_calls();
  const auto key = cache.resolve(id);
  EXPECT_EQ(cache.resolve(id), key);
  EXPECT_EQ(runner.call_count(), 1u);
}

TEST_F(KeyCacheTest, AnExpiredKeyIsReadAgain) {
  const Uuid id = vault.create();
  const auto key = cache.resolve(id);
  clock.advance(59'999ms);
  EXPECT_EQ(cache.cached(id), key);
  clock.advance(1ms);
  EXPECT_EQ(cache.cached(id), nullptr);
  runner.take_calls();
  cache.resolve(id);
  EXPECT_EQ(runner.call_count(), 1u);
}

TEST_F(KeyCacheTest, ARemovedKeyStopsWorkingWhenItExpires) {
  const Uuid id = vault.create();
  cache.resolve(id);
  documents.clear();
  EXPECT_NO_THROW(cache.resolve(id));
  clock.advance(60s);
  EXPECT_TRUE(error_of([&] { cache.resolve(id); }).is(ErrorCode::kKeyNotFound));
}

TEST_F(KeyCacheTest, ExpiredKeysAreNotKeptInMemory) {
  const Uuid first = vault.create();
  const Uuid second = vault.create();
  std::weak_ptr<const crypto::DataKey> key = cache.resolve(first);
  EXPECT_FALSE(key.expired());
  clock.advance(60s);
  cache.resolve(second);
  EXPECT_TRUE(key.expired());
}

TEST_F(KeyCacheTest, LifetimeZeroMeansForEver) {
  KeyCache for_ever(vault, 0ms, clock);
  const Uuid id = vault.create();
  for_ever.resolve(id);
  clock.advance(std::chrono::hours(24 * 365));
  EXPECT_NE(for_ever.cached(id), nullptr);
}

TEST_F(KeyCacheTest, ANameGivesTheKeyOfItsId) {
  const Uuid id = vault.create({.alt_names = {"patients.ssn"}});
  runner.take_calls();
  EXPECT_EQ(cache.id_of("patients.ssn"), id);
  EXPECT_EQ(cache.resolve("patients.ssn"), cache.resolve(id));
  EXPECT_EQ(runner.call_count(), 1u);
}

TEST_F(KeyCacheTest, AMissingKeyIsNamedWithItsNeedAndTheVault) {
  const Uuid id = Uuid::random();
  const Error error = error_of([&] { cache.resolve(id, "field 'record.ssn' of clinic.patients"); });
  EXPECT_TRUE(error.is(ErrorCode::kKeyNotFound));
  EXPECT_EQ(error.what(), "data key " + id.to_string() +
                              ", needed by field 'record.ssn' of clinic.patients, was not found in "
                              "the key vault quern.__keyVault");
}

TEST_F(KeyCacheTest, AMissingNameIsNamed) {
  const Error error = error_of([&] { cache.id_of("patients.ssn"); });
  EXPECT_TRUE(error.is(ErrorCode::kKeyNotFound));
  EXPECT_EQ(std::string(error.what()),
            "data key with alternate name 'patients.ssn' was not found in the key vault "
            "quern.__keyVault");
}

TEST_F(KeyCacheTest, PreloadingAsksOnceForAll) {
  const std::vector<Uuid> ids{vault.create(), vault.create(), Uuid::random()};
  runner.take_calls();
  cache.preload(ids);
  EXPECT_EQ(runner.call_count(), 1u);
  EXPECT_NE(cache.cached(ids[0]), nullptr);
  EXPECT_NE(cache.cached(ids[1]), nullptr);
  EXPECT_EQ(cache.cached(ids[2]), nullptr);
}

TEST_F(KeyCacheTest, PreloadingLeavesFaultsToWhoeverNeedsTheKey) {
  const Uuid id = vault.create();
  documents[0] = bson::doc("_id", id);
  EXPECT_NO_THROW(cache.preload(std::span(&id, 1)));
  EXPECT_TRUE(error_of([&] { cache.resolve(id); }).is(ErrorCode::kFailedToParse));
}

TEST_F(KeyCacheTest, ClearForgetsKeysAndNames) {
  const Uuid id = vault.create({.alt_names = {"a"}});
  cache.resolve("a");
  cache.clear();
  runner.take_calls();
  EXPECT_EQ(cache.cached(id), nullptr);
  cache.id_of("a");
  EXPECT_EQ(runner.call_count(), 1u);
}

TEST_F(KeyCacheTest, ThreadsShareIt) {
  const Uuid id = vault.create({.alt_names = {"a"}});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        EXPECT_NE(cache.resolve(id), nullptr);
        EXPECT_EQ(cache.id_of("a"), id);
        if (round % 50 == 0) cache.clear();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace quern::keyvault
