// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "crypto/encrypt.h"

#include <gtest/gtest.h>

#include "crypto/decrypt.h"
#include "crypto/testing/fixtures.h"
#include "crypto/testing/payloads.h"
#include "protocol/find_equality_payload.h"
#include "protocol/indexed_value.h"
#include "protocol/insert_update_payload.h"
#include "quern/base/error.h"

namespace quern::crypto {
namespace {

using namespace protocol;

using testing::both_keys;
using testing::counting_bytes;
using testing::index_key;
using testing::index_key_id;
using testing::PinnedRandom;
using testing::user_key;
using testing::user_key_id;
using testing::operator+;

const bson::Value kHello = bson::Value::of("hello");
const Bytes kIv = counting_bytes(0xA0, 16);

TEST(InsertEqualityPayload, HasTheGoldenBytes) {
  // With cm = 8 a draw of 3 gives the contention factor 3.
  PinnedRandom random(from_hex("0c00000000000000") + kIv + kIv);
  const Bytes blob = insert_equality_payload(*index_key(), index_key_id(), *user_key(),
                                             user_key_id(), kHello.view(), 8, random);
  EXPECT_EQ(random.left(), 0u);
  const auto payload = InsertUpdatePayloadV2::parse(blob);
  EXPECT_EQ(payload.contention_factor, 3);
  EXPECT_EQ(payload.type, bson::Type::kString);
  EXPECT_EQ(payload.index_key_id, index_key_id());
  EXPECT_EQ(to_hex(payload.tokens.edc.bytes()),
            "3d77a16030da34eac338234dc43324035e3bae6312c6ebbb91ec77d8c12ad62e");
  EXPECT_EQ(to_hex(payload.tokens.esc.bytes()),
            "792b53f01df197c0d885d5551f93387115e5cecba117a3cb68afa92b21ac52d5");
  EXPECT_EQ(to_hex(payload.tokens.server_derived.bytes()),
            "77388bd515fd64c373b42721a8e23870078db883db9cc2d93cb082fc4104cd0b");
  EXPECT_EQ(to_hex(payload.server_data_encryption.bytes()),
            "0eb39930b6ca65379ea60c72664fefa42b917620ce244daffbe7ee89f51be98c");
  EXPECT_EQ(to_hex(payload.tokens.encrypted_tokens.bytes()),
            "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
            "943666a196aa1c9b76a2a8d38747c9c46953c525b6eb1e8914a59ffdd0690314");
  EXPECT_EQ(to_hex(payload.value),
            "202122232425262728292a2b2c2d2e2f"
            "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf68aac8239d75188445bf3fe35ca0374a"
            "3cca808386720d4e2fd8e8a33bae814fb1de54180fab7fc181851dc71ed8e230");
  EXPECT_EQ(payload.serialize(), blob);
}

TEST(InsertEqualityPayload, DrawsNoContentionFactorWhenTheMaximumIsZero) {
  PinnedRandom random(kIv + kIv);
  const Bytes blob = insert_equality_payload(*index_key(), index_key_id(), *user_key(),
                                             user_key_id(), kHello.view(), 0, random);
  EXPECT_EQ(random.requests(), 2u);
  EXPECT_EQ(InsertUpdatePayloadV2::parse(blob).contention_factor, 0);
}

TEST(FindEqualityPayload, HasTheGoldenTokens) {
  const Bytes blob = find_equality_payload(*index_key(), kHello.view(), 4);
  const auto payload = FindEqualityPayloadV2::parse(blob);
  EXPECT_EQ(payload.max_contention, 4);
  EXPECT_EQ(to_hex(payload.tokens.edc.bytes()),
            "34489fd68f8ef4b878e4474fabd5898dc92248de4354a6fb7db976a4093bc59d");
  EXPECT_EQ(to_hex(payload.tokens.esc.bytes()),
            "9a0046268b91a78c12bc028a80b995ec7f97c2b9f11df21a2dbda288d18b3e9e");
  EXPECT_EQ(to_hex(payload.tokens.server_derived.bytes()),
            "77388bd515fd64c373b42721a8e23870078db883db9cc2d93cb082fc4104cd0b");
  EXPECT_EQ(payload.serialize(), blob);
}

TEST(CsfleDeterministicValue, HasTheGoldenBytes) {
  const Bytes blob = csfle_deterministic_value(*user_key(), user_key_id(), kHello.view());
  EXPECT_EQ(
      to_hex(blob),
      "01202122232425262728292a2b2c2d2e2f0222b684efa8b134d77ce989730b9e8366e962bd03d22093f369bbb"
      "fcc42985d58a7d5b93204c5d86fc9cfd9cde8e35b1b9004c89e2fd39de79de7a13b7eee29e8");
}

TEST(StoredEqualityValue, IsMadeByTheServerAndReadByTheClient) {
  RandomSource& random = RandomSource::system();
  const Bytes blob = insert_equality_payload(*index_key(), index_key_id(), *user_key(),
                                             user_key_id(), kHello.view(), 8, random);
  const auto payload = InsertUpdatePayloadV2::parse(blob);
  const Tag tag = EdcTwiceDerivedToken(payload.tokens.edc).tag(9);
  const Bytes stored = testing::stored_value(payload, 9, tag, random);

  const auto value = IndexedValue::parse(stored);
  EXPECT_EQ(value.index_key_id(), index_key_id());
  EXPECT_EQ(value.type(), bson::Type::kString);
  EXPECT_EQ(value.block(0).tag(), tag);
  const ServerMetadataTokens tokens(payload.tokens.server_derived);
  EXPECT_EQ(value.block(0).counters(tokens),
            (MetadataBlock::Counters{9, static_cast<std::uint64_t>(payload.contention_factor)}));
  EXPECT_EQ(decrypt_value(stored, both_keys()), kHello);
}

}  // namespace
}  // namespace quern::crypto
