// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "protocol/tokens.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "crypto/testing/fixtures.h"
#include "protocol/ciphertext.h"
#include "protocol/server_tokens.h"
#include "quern/base/error.h"
#include "quern/bson/document.h"

namespace quern::protocol {
namespace {

using crypto::testing::index_key;

const bson::Value kHello = bson::Value::of("hello");

TEST(Tokens, LevelOneTokensOfTheGoldenKey) {
  const auto key = index_key();
  EXPECT_EQ(to_hex(key->ecoc_token().bytes()),
            "4d9a424cad531084858ccd9e7bfb8ca331efa3517fa15e0090fd128028fe9b6a");
  EXPECT_EQ(to_hex(key->server_data_encryption_token().bytes()),
            "0eb39930b6ca65379ea60c72664fefa42b917620ce244daffbe7ee89f51be98c");
  EXPECT_EQ(to_hex(key->anchor_padding_root().bytes()),
            "b156306dc03b3c933e6c13e254883b7826b20b6cfd5d7cdc0047dad7189fd0ef");
}

TEST(Tokens, TheTreeAboveTheLevelOneTokens) {
  const HmacSha256Key root(BytesView(crypto::testing::index_key_bytes()).subspan(64));
  const auto collections = CollectionsLevel1Token::derive(root, 1);
  EXPECT_EQ(to_hex(collections.bytes()),
            "936f949df28740b1e2caa1e8f14b68b2003ef2766f27822d4d1833caf2bd2e9f");
  EXPECT_EQ(to_hex(EdcToken::derive(collections, 1).bytes()),
            "6ca2274a43dd7f43ba049d9bbbe3383cf84bde5ccadc348487cc016a2f694517");
  EXPECT_EQ(to_hex(EscToken::derive(collections, 2).bytes()),
            "b4ea0ca7d4d572d10c00f58491e3d501f08851baa457c30f09a4d7381fa157c8");
  EXPECT_EQ(to_hex(ServerTokenDerivationLevel1Token::derive(root, 2).bytes()),
            "02aa13ef433cb54ec812ad00d0be06df3acac7ab8eef77229d84ea14dc9c8e45");
}

TEST(Tokens, DataDependentTokensOfHello) {
  const auto key = index_key();
  const BytesView data = kHello.view().bytes();
  const auto edc = EdcDerivedFromDataToken::derive(key->edc(), data);
  const auto esc = EscDerivedFromDataToken::derive(key->esc(), data);
  EXPECT_EQ(to_hex(edc.bytes()),
            "34489fd68f8ef4b878e4474fabd5898dc92248de4354a6fb7db976a4093bc59d");
  EXPECT_EQ(to_hex(esc.bytes()),
            "9a0046268b91a78c12bc028a80b995ec7f97c2b9f11df21a2dbda288d18b3e9e");
  EXPECT_EQ(to_hex(ServerDerivedFromDataToken::derive(key->server_derivation(), data).bytes()),
            "77388bd515fd64c373b42721a8e23870078db883db9cc2d93cb082fc4104cd0b");
  EXPECT_EQ(to_hex(with_contention(edc, 3).bytes()),
            "3d77a16030da34eac338234dc43324035e3bae6312c6ebbb91ec77d8c12ad62e");
  EXPECT_EQ(to_hex(with_contention(esc, 3).bytes()),
            "792b53f01df197c0d885d5551f93387115e5cecba117a3cb68afa92b21ac52d5");
}

// A data key of MongoDB's specification tests, of which only the token key matters here.
std::shared_ptr<const crypto::DataKey> specification_key(std::string_view token_key) {
  Bytes key(96);
  const Bytes root = from_hex(token_key);
  std::copy(root.begin(), root.end(), key.begin() + 64);
  return crypto::testing::data_key(key);
}

TEST(Tokens, CompactionTokensThatTheSpecificationPublishes) {
  const auto one =
      specification_key("e3d9219f79586582112740b2add88e1030d91926ae8afc13ee575cfb8bb965b7");
  EXPECT_EQ(to_base64(one->ecoc_token().bytes()), "noN+05JsuO1oDg59yypIGj45i+eFH6HOTXOPpeZ//Mk=");
  EXPECT_EQ(to_base64(one->anchor_padding_root().bytes()),
            "QxKJD2If48p0l8NAXf2Kr0aleMd/dATSjBK6hTpNMyc=");
  EXPECT_EQ(to_base64(one->server_data_encryption_token().bytes()),
            "65pz95EthqQpfoHS9nWvdCh05AV+OokP7GUaI+7j8+w=");
  const auto two =
      specification_key("47a733bf5e5682c84b3ee7969e4a5fe0e0c21e5e3ee190595a55f83147d8de2a");
  EXPECT_EQ(to_base64(two->ecoc_token().bytes()), "SWO8WEoZ2r2Kx/muQKb7+COizy85nIIUFiHh4K9kcvA=");
  EXPECT_EQ(to_base64(two->anchor_padding_root().bytes()),
            "YAiF7Iwhqq1UyfxPvm70xfQJtrIRPrjfD2yRLG1+saQ=");
}

TEST(ServerTokens, TagsAndIdsOfThePublishedInsertOf123) {
  const auto key =
      specification_key("e3d9219f79586582112740b2add88e1030d91926ae8afc13ee575cfb8bb965b7");
  const bson::Value value = bson::Value::of("123");
  const auto esc =
      with_contention(EscDerivedFromDataToken::derive(key->esc(), value.view().bytes()), 0);
  EXPECT_EQ(to_hex(esc.bytes()),
            "f6bbea266667b73f68013de84c432407435e77b4f375fb3edb92c600f63293a4");
  const EscTwiceDerivedTagToken ids(esc);
  EXPECT_EQ(to_hex(ids.non_anchor_id(1)),
            "f958aceef22db3a508bf308bb89ab88cc1c875d2747fc388643b94093e2bb315");
  EXPECT_EQ(to_hex(ids.null_anchor_id()),
            "f7067005e90673a4c72a7a5dd2ba5ef6ffed2ef2140e7c0814b585d6c0b83ce7");
  EXPECT_EQ(to_hex(ids.anchor_id(1)),
            "2d3f67774e1d2bd0e86f704274903cc464df01845889bedb2f1322d85b594b3b");
  const auto edc =
      with_contention(EdcDerivedFromDataToken::derive(key->edc(), value.view().bytes()), 0);
  EXPECT_EQ(to_base64(EdcTwiceDerivedToken(edc).tag(1)),
            "31eCYlbQoVboc5zwC8IoyJVSkag9PxREka8dkmbXJeY=");
}

TEST(ServerTokens, TagsAndIdsOfThePublishedFindOfValue123) {
  const auto key =
      specification_key("e3d9219f79586582112740b2add88e1030d91926ae8afc13ee575cfb8bb965b7");
  const bson::Value value = bson::Value::of("value123");
  const auto edc =
      with_contention(EdcDerivedFromDataToken::derive(key->edc(), value.view().bytes()), 0);
  const auto esc =
      with_contention(EscDerivedFromDataToken::derive(key->esc(), value.view().bytes()), 0);
  EXPECT_EQ(to_base64(EdcTwiceDerivedToken(edc).tag(1)),
            "ThpoKfQ8AkOzkFfNC1+9PF0pY2nIzfXvRdxQgjkNbBw=");
  EXPECT_EQ(to_hex(EscTwiceDerivedTagToken(esc).non_anchor_id(1)),
            "31e4d0b9418b56bd6257cdf1e06de0b5984c6c946aabdb6c182a81a4b7d7a474");
}

TEST(ServerTokens, AnchorValuesRoundTrip) {
  const EscTwiceDerivedValueToken token(
      EscDerivedFromDataTokenAndContentionFactor::copy_of(crypto::testing::counting_bytes(7, 32)));
  const EscValue value = token.encrypt({5, 77}, RandomSource::system());
  EXPECT_EQ(token.decrypt(value), (EscTwiceDerivedValueToken::Positions{5, 77}));
  EXPECT_NE(token.encrypt({5, 77}, RandomSource::system()), value) << "each value has its own IV";
  EXPECT_THROW(token.decrypt(BytesView(value).first(31)), Error);
}

TEST(ServerTokens, EcocValuesHaveTheLengthOfTheirQueryType) {
  const auto token = EcocToken::copy_of(crypto::testing::counting_bytes(1, 32));
  for (const std::size_t extra : {0, 1, 3}) {
    const Bytes plain = crypto::testing::counting_bytes(7, 32 + extra);
    Bytes value(16 + plain.size());
    ctr_encrypt(token.bytes(), std::array<std::uint8_t, 16>{}, plain, value);
    const EcocEntry entry = decrypt_ecoc_value(token, value, extra);
    EXPECT_EQ(to_hex(entry.token.bytes()), to_hex(BytesView(plain).first(32)));
    EXPECT_EQ(to_hex(BytesView(entry.extra).first(extra)), to_hex(BytesView(plain).subspan(32)));
    for (const std::size_t other : {0, 1, 2, 3, 4}) {
      if (other == extra) continue;
      EXPECT_THROW(decrypt_ecoc_value(token, value, other), Error);
    }
  }
}

TEST(Ciphertext, IsAnIvAndAtLeastOneByte) {
  const Bytes token = crypto::testing::counting_bytes(1, 32);
  const Bytes ciphertext = crypto::testing::counting_bytes(7, 17);
  const auto decrypted_to = [&](std::size_t in, std::size_t out) {
    Bytes plaintext(out);
    ctr_decrypt(token, BytesView(ciphertext).first(in), plaintext);
  };
  EXPECT_NO_THROW(decrypted_to(17, 1));
  EXPECT_THROW(decrypted_to(17, 0), Error);
  EXPECT_THROW(decrypted_to(17, 2), Error);
  EXPECT_THROW(decrypted_to(16, 0), Error);
  EXPECT_THROW(decrypted_to(15, 0), Error);
  Bytes room(16);
  EXPECT_THROW(
      ctr_encrypt(token, std::array<std::uint8_t, 16>{}, BytesView(ciphertext).first(1), room),
      Error);
}

template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};

TEST(Tokens, CannotBeCopiedOrPrinted) {
  static_assert(!std::is_copy_constructible_v<EdcToken> && !std::is_copy_assignable_v<EdcToken>);
  static_assert(std::is_nothrow_move_constructible_v<EdcToken>);
  static_assert(!Printable<EdcToken>);
  EXPECT_THROW(EdcToken::copy_of(Bytes(31)), Error);
}

}  // namespace
}  // namespace quern::protocol
