// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// How often the heap is asked for memory, OpenSSL's requests included: the program's malloc counts.
#include <gtest/gtest.h>

#include "crypto/decrypt.h"
#include "crypto/encrypt.h"
#include "crypto/testing/fixtures.h"
#include "crypto/testing/payloads.h"
#include "protocol/indexed_value.h"
#include "quern/bson/document.h"

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {
thread_local int allocations = 0;
}

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);

void* malloc(std::size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) {
  ++allocations;
  return __libc_realloc(memory, size);
}
}

namespace quern::crypto {
namespace {

using namespace protocol;

const Uuid kId = testing::user_key_id();  // made once: making it allocates

// Allocations of one call, after the contexts and pools that all calls share are there.
template <class Call>
int allocations_of(const Call& call) {
  for (int i = 0; i < 3; ++i) (void)call();
  const int before = allocations;
  (void)call();
  return allocations - before;
}

TEST(Allocations, AreCounted) {
  EXPECT_EQ(allocations_of([] { return Bytes(100); }), 1);
}

TEST(Allocations, APayloadTakesOnlyTheBytesOfItsBlob) {
  const auto key = testing::user_key();
  const bson::Value value = bson::Value::of("123-45-6789");
  RandomSource& random = RandomSource::system();
  EXPECT_EQ(allocations_of([&] {
              return insert_equality_payload(*key, kId, *key, kId, value.view(), 8, random);
            }),
            1);
  EXPECT_EQ(allocations_of([&] { return find_equality_payload(*key, value.view(), 8); }), 1);
  EXPECT_EQ(allocations_of([&] { return unindexed_value(*key, kId, value.view(), random); }), 1);
  EXPECT_EQ(allocations_of([&] { return csfle_deterministic_value(*key, kId, value.view()); }), 1);
}

TEST(Allocations, TokensTakeNone) {
  const auto token = EdcDerivedFromDataToken::copy_of(Bytes(32, 1));
  EXPECT_EQ(allocations_of([&] { return with_contention(token, 3); }), 0);
  EXPECT_EQ(allocations_of([&] { return EdcTwiceDerivedToken(with_contention(token, 3)).tag(1); }),
            0);
}

TEST(Allocations, DecryptionTakesAtMostTwo) {
  const auto key = testing::user_key();
  const KeySource keys = [&](const Uuid&) { return key; };
  const bson::Value value = bson::Value::of("123-45-6789");
  RandomSource& random = RandomSource::system();
  const Bytes sealed = unindexed_value(*key, kId, value.view(), random);
  EXPECT_EQ(allocations_of([&] { return decrypt_value(sealed, keys); }), 1);
  const Bytes blob = insert_equality_payload(*key, kId, *key, kId, value.view(), 8, random);
  const Bytes stored = testing::stored_value(InsertUpdatePayloadV2::parse(blob), 1, Tag{}, random);
  EXPECT_LE(allocations_of([&] { return decrypt_value(stored, keys); }), 2);
}

TEST(Allocations, TheServersPartTakesOnlyTheBytesOfTheStoredValue) {
  const auto key = testing::user_key();
  const bson::Value value = bson::Value::of("123-45-6789");
  RandomSource& random = RandomSource::system();
  const Bytes blob = insert_equality_payload(*key, kId, *key, kId, value.view(), 8, random);
  EXPECT_EQ(allocations_of([&] {
              return testing::stored_value(InsertUpdatePayloadV2::parse(blob), 1, Tag{}, random);
            }),
            1);
}

}  // namespace
}  // namespace quern::crypto

#endif
