// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "keyvault/client_encryption.h"

#include <gmock/gmock.h>

#include "keyvault/vault_fixture.h"
#include "quern/bson/blob_subtype.h"

namespace quern::keyvault {
namespace {

using ::testing::HasSubstr;

class ClientEncryptionTest : public VaultTest {
 protected:
  EncryptOptions indexed() const {
    return {.algorithm = Algorithm::kEquality, .key_id = id, .contention = 0};
  }
  EncryptOptions unindexed() const { return {.key_id = id}; }
  std::string refusal(const EncryptOptions& options) {
    const Error error = error_of([&] { encryption.encrypt(value, options); });
    EXPECT_TRUE(error.is(ErrorCode::kBadValue)) << error.what();
    return error.what();
  }

  KeyCache cache{vault, KeyCache::kDefaultLifetime, clock};
  ClientEncryption encryption{cache};
  Uuid id = encryption.create_data_key({.alt_names = {"demo"}});
  bson::Value value = bson::Value::of("123-45-6789");
};

bson::BlobSubtype subtype_of(const bson::Value& encrypted) {
  return bson::blob_subtype(encrypted).value();
}

TEST_F(ClientEncryptionTest, DecryptsWhatItEncrypted) {
  EXPECT_EQ(encryption.decrypt(encryption.encrypt(value, unindexed())), value);
  EXPECT_EQ(encryption.decrypt(encryption.encrypt(value, indexed())), value);
}

TEST_F(ClientEncryptionTest, TheAlgorithmAndUseDecideThePayload) {
  EncryptOptions query = indexed();
  query.query = true;
  EXPECT_EQ(subtype_of(encryption.encrypt(value, unindexed())),
            bson::BlobSubtype::kUnindexedValueV2);
  EXPECT_EQ(subtype_of(encryption.encrypt(value, indexed())),
            bson::BlobSubtype::kInsertUpdatePayloadV2);
  EXPECT_EQ(subtype_of(encryption.encrypt(value, query)),
            bson::BlobSubtype::kFindEqualityPayloadV2);
}

TEST_F(ClientEncryptionTest, AKeyIsNamedByIdOrByName) {
  EXPECT_EQ(encryption.decrypt(encryption.encrypt(value, {.key_alt_name = "demo"})), value);
  EXPECT_THAT(refusal({}), HasSubstr("either a key id or a key alternate name"));
  EXPECT_THAT(refusal({.key_id = id, .key_alt_name = "demo"}), HasSubstr("either"));
}

TEST_F(ClientEncryptionTest, UnindexedTakesNoIndexOptions) {
  EncryptOptions options = unindexed();
  options.contention = 1;
  EXPECT_THAT(refusal(options), HasSubstr("no contention"));
  options = unindexed();
  options.query = true;
  EXPECT_THAT(refusal(options), HasSubstr("cannot be queried"));
  options = unindexed();
  options.index_key_id = id;
  EXPECT_THAT(refusal(options), HasSubstr("no index key"));
}

TEST_F(ClientEncryptionTest, IndexedNeedsAContentionFactorInRange) {
  EncryptOptions options = indexed();
  options.contention.reset();
  EXPECT_THAT(refusal(options), HasSubstr("needs a contention"));
  options.contention = -1;
  EXPECT_THAT(refusal(options), HasSubstr("must be in"));
  options.contention = INT64_MAX;
  EXPECT_THAT(refusal(options), HasSubstr("must be in"));
}

TEST_F(ClientEncryptionTest, AnIndexKeyMayDifferFromTheUserKey) {
  EncryptOptions options = indexed();
  options.index_key_id = encryption.create_data_key();
  EXPECT_EQ(encryption.decrypt(encryption.encrypt(value, options)), value);
}

TEST_F(ClientEncryptionTest, ValuesThatHaveNoBytesCannotBeEncrypted) {
  for (const bson::Value& empty :
       {bson::Value::of(bson::Null{}), bson::Value::of(bson::MinKey{})}) {
    EXPECT_TRUE(error_of([&] { encryption.encrypt(empty, unindexed()); }).is(ErrorCode::kBadValue));
  }
}

TEST_F(ClientEncryptionTest, OnlyCiphertextsAreDecrypted) {
  EXPECT_TRUE(error_of([&] { encryption.decrypt(value); }).is(ErrorCode::kBadValue));
  EncryptOptions query = indexed();
  query.query = true;
  const bson::Value find = encryption.encrypt(value, query);
  EXPECT_THAT(error_of([&] { encryption.decrypt(find); }).what(), HasSubstr("blob subtype 12"));
}

TEST_F(ClientEncryptionTest, AMissingKeyIsNamed) {
  const Uuid unknown = Uuid::random();
  const Error error = error_of([&] { encryption.encrypt(value, {.key_id = unknown}); });
  EXPECT_TRUE(error.is(ErrorCode::kKeyNotFound));
  EXPECT_THAT(error.what(), HasSubstr(unknown.to_string()));
}

TEST_F(ClientEncryptionTest, AlgorithmsHaveTheDriversNames) {
  EXPECT_EQ(parse_algorithm("Indexed"), Algorithm::kEquality);
  EXPECT_EQ(parse_algorithm("Unindexed"), Algorithm::kUnindexed);
  EXPECT_THROW(parse_algorithm("Range"), NotSupported);
  EXPECT_TRUE(error_of([] { parse_algorithm("indexed"); }).is(ErrorCode::kBadValue));
}

TEST_F(ClientEncryptionTest, KeysAreListedAndFoundByName) {
  encryption.create_data_key();
  EXPECT_EQ(encryption.get_keys().size(), 2u);
  EXPECT_EQ(encryption.get_key_by_alt_name("demo")->id, id);
  EXPECT_EQ(encryption.get_key(id)->alt_names.front(), "demo");
  EXPECT_FALSE(encryption.get_key(Uuid::random()));
}

}  // namespace
}  // namespace quern::keyvault
