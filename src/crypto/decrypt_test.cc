// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "crypto/decrypt.h"

#include <gtest/gtest.h>

#include "crypto/encrypt.h"
#include "crypto/testing/fixtures.h"
#include "crypto/testing/payloads.h"
#include "crypto/testing/values.h"
#include "protocol/indexed_value.h"
#include "quern/base/error.h"
#include "quern/bson/blob_subtype.h"
#include "schema/query_type.h"

namespace quern::crypto {
namespace {

using namespace protocol;

using testing::both_keys;
using testing::index_key;
using testing::index_key_id;
using testing::user_key;
using testing::user_key_id;

constexpr int kRounds = 500;

Bytes insert_blob(bson::ValueView value) {
  static const auto index = index_key();
  static const auto user = user_key();
  return insert_equality_payload(*index, index_key_id(), *user, user_key_id(), value, 8,
                                 RandomSource::system());
}

Bytes stored_blob(bson::ValueView value) {
  const Bytes blob = insert_blob(value);
  return testing::stored_value(InsertUpdatePayloadV2::parse(blob), 1, Tag{},
                               RandomSource::system());
}

const bson::TypeSet kEqualityTypes = schema::algorithm_facts(schema::Algorithm::kEquality).types();

bool is_deterministic_type(bson::Type type) {
  using enum bson::Type;
  return kEqualityTypes.contains(type) && type != kBool;
}

std::string code_name_of(BytesView blob, const KeySource& keys) {
  try {
    decrypt_value(blob, keys);
    return "";
  } catch (const Error& error) {
    return error.code_name();
  }
}

class EveryType : public ::testing::TestWithParam<bson::Type> {};

TEST_P(EveryType, RandomValuesComeBackAsTheyWere) {
  const KeySource keys = both_keys();
  const auto user = user_key();
  testing::Generator random(static_cast<std::uint64_t>(GetParam()));
  for (int i = 0; i < kRounds; ++i) {
    const bson::Value value = testing::random_value(GetParam(), random);
    EXPECT_EQ(
        decrypt_value(unindexed_value(*user, user_key_id(), value.view(), RandomSource::system()),
                      keys),
        value);
    EXPECT_EQ(
        decrypt_value(
            csfle_random_value(*user, user_key_id(), value.view(), RandomSource::system()), keys),
        value);
    if (kEqualityTypes.contains(GetParam())) {
      EXPECT_EQ(decrypt_value(insert_blob(value.view()), keys), value);
      EXPECT_EQ(decrypt_value(stored_blob(value.view()), keys), value);
    }
    if (is_deterministic_type(GetParam())) {
      const Bytes blob = csfle_deterministic_value(*user, user_key_id(), value.view());
      EXPECT_EQ(blob, csfle_deterministic_value(*user, user_key_id(), value.view()));
      EXPECT_EQ(decrypt_value(blob, keys), value);
    }
  }
}

TEST_P(EveryType, IsRefusedWhereItsQueriesAreNotSupported) {
  testing::Generator random(1);
  const bson::Value value = testing::random_value(GetParam(), random);
  if (!kEqualityTypes.contains(GetParam())) {
    EXPECT_THROW(insert_blob(value.view()), Error);
    EXPECT_THROW(find_equality_payload(*index_key(), value.view(), 8), Error);
  }
  if (!is_deterministic_type(GetParam())) {
    EXPECT_THROW(csfle_deterministic_value(*user_key(), user_key_id(), value.view()), Error);
  }
}

INSTANTIATE_TEST_SUITE_P(Types, EveryType, ::testing::ValuesIn(testing::kEncryptableTypes),
                         [](const auto& info) { return std::string(bson::alias(info.param)); });

TEST(Encrypt, ValuesWithoutBytesAndEncryptedValuesAreRefused) {
  const auto key = user_key();
  const Bytes blob{16};
  const bson::Value refused[] = {
      bson::Value(),
      bson::Value::of(bson::Null{}),
      bson::Value::of(bson::Undefined{}),
      bson::Value::of(bson::MinKey{}),
      bson::Value::of(bson::MaxKey{}),
      bson::Value::of(bson::Binary{bson::BinarySubtype::kEncrypted, blob}),
  };
  for (const bson::Value& value : refused) {
    EXPECT_THROW(unindexed_value(*key, user_key_id(), value.view(), RandomSource::system()), Error);
    EXPECT_THROW(insert_blob(value.view()), Error);
    EXPECT_THROW(csfle_random_value(*key, user_key_id(), value.view(), RandomSource::system()),
                 Error);
  }
}

TEST(Encrypt, ContentionMustBeInRange) {
  const bson::Value value = bson::Value::of(1);
  EXPECT_THROW(find_equality_payload(*index_key(), value.view(), -1), Error);
  EXPECT_THROW(find_equality_payload(*index_key(), value.view(), INT64_MAX), Error);
  EXPECT_NO_THROW(find_equality_payload(*index_key(), value.view(), INT64_MAX - 1));
}

TEST(Uniform, RedrawsWhatWouldBiasTheResult) {
  // 2^64 mod 3 = 1: a draw of 0 is thrown away.
  testing::PinnedRandom random(
      from_hex("0000000000000000"
               "0800000000000000"));
  EXPECT_EQ(uniform(3, random), 2u);
  EXPECT_EQ(random.requests(), 2u);
}

TEST(Uniform, ReachesEveryValue) {
  std::array<int, 9> seen{};
  for (int i = 0; i < 2000; ++i) ++seen.at(uniform(9, RandomSource::system()));
  for (const int count : seen) EXPECT_GT(count, 100);
}

TEST(DecryptValue, EveryFlippedBitIsAnErrorOrHarmless) {
  const KeySource keys = both_keys();
  const bson::Value value = bson::Value::of("a secret of some length");
  // The first byte behind which nothing is authenticated, because only the server reads it.
  struct Case {
    Bytes blob;
    std::size_t unauthenticated_from;
    std::size_t type_at;  // authenticated only in sealed values
  };
  const Case cases[] = {
      {unindexed_value(*user_key(), user_key_id(), value.view(), RandomSource::system()), SIZE_MAX,
       SIZE_MAX},
      {csfle_deterministic_value(*user_key(), user_key_id(), value.view()), SIZE_MAX, SIZE_MAX},
      {stored_blob(value.view()), stored_blob(value.view()).size() - 96, 17},
  };
  for (const auto& [blob, unauthenticated_from, type_at] : cases) {
    for (std::size_t bit = 0; bit < blob.size() * 8; ++bit) {
      Bytes changed = blob;
      changed[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
      if (bit / 8 >= unauthenticated_from) {
        EXPECT_EQ(decrypt_value(changed, keys), value);
      } else if (bit / 8 == type_at) {
        code_name_of(changed, keys);  // another type of the same shape is possible
      } else {
        EXPECT_NE(code_name_of(changed, keys), "") << bit;
      }
    }
    for (std::size_t size = 0; size < blob.size(); ++size) {
      EXPECT_NE(code_name_of(BytesView(blob).first(size), keys), "") << size;
    }
  }
}

TEST(DecryptValue, AWrongTypeByteNeverGivesAMalformedValue) {
  const KeySource keys = both_keys();
  Bytes blob = stored_blob(bson::Value::of(7).view());
  blob[17] = static_cast<std::uint8_t>(bson::Type::kString);
  EXPECT_EQ(code_name_of(blob, keys), "OperationFailed");
  blob[17] = static_cast<std::uint8_t>(bson::Type::kInt64);
  EXPECT_EQ(code_name_of(blob, keys), "OperationFailed");
}

TEST(DecryptValue, OtherBlobsAreRefusedByName) {
  const KeySource keys = both_keys();
  for (const std::uint8_t subtype : {4, 6, 7, 9, 15, 17}) {
    EXPECT_THROW(decrypt_value(Bytes(200, subtype), keys), NotSupported) << int{subtype};
  }
  for (const std::uint8_t subtype : {0, 3, 5, 8, 10, 12, 13, 18, 19, 255}) {
    EXPECT_EQ(code_name_of(Bytes(200, subtype), keys), "BadValue") << int{subtype};
  }
  EXPECT_EQ(code_name_of({}, keys), "BadValue");
}

TEST(DecryptValue, AMissingKeyIsNamed) {
  const Bytes blob = stored_blob(bson::Value::of(7).view());
  try {
    decrypt_value(blob, [](const Uuid&) { return nullptr; });
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(index_key_id().to_string()), std::string::npos);
  }
}

}  // namespace
}  // namespace quern::crypto
