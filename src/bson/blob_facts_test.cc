// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "bson/blob_facts.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "quern/base/error.h"
#include "quern/bson/document.h"

namespace quern::bson {
namespace {

std::vector<const BlobFacts*> rows() {
  std::vector<const BlobFacts*> known;
  for (int byte = 0; byte <= 18; ++byte) {
    known.push_back(known_blob_facts(static_cast<std::uint8_t>(byte)));
  }
  return known;
}

TEST(BlobFacts, EveryFirstByteOfTheProtocolHasARow) {
  std::set<std::string_view> names;
  for (int byte = 0; byte <= 18; ++byte) {
    const BlobFacts* facts = rows()[byte];
    ASSERT_NE(facts, nullptr) << byte;
    EXPECT_EQ(static_cast<int>(facts->subtype), byte);
    EXPECT_EQ(&blob_facts(facts->subtype), facts);
    EXPECT_TRUE(names.insert(facts->name).second) << facts->name;
  }
  for (const int byte : {19, 99, 255}) {
    EXPECT_EQ(known_blob_facts(static_cast<std::uint8_t>(byte)), nullptr) << byte;
    EXPECT_THROW(blob_facts(static_cast<BlobSubtype>(byte)), Error) << byte;
  }
}

TEST(BlobFacts, AreThoseOfABinarysFirstByte) {
  const auto facts_of = [](BinarySubtype subtype, const Bytes& bytes) {
    return blob_facts(Value::of(Binary{subtype, bytes}).view());
  };
  EXPECT_EQ(facts_of(BinarySubtype::kEncrypted, {14, 1}), known_blob_facts(14));
  EXPECT_EQ(facts_of(BinarySubtype::kEncrypted, {}), nullptr);
  EXPECT_EQ(facts_of(BinarySubtype::kEncrypted, {19}), nullptr);
  EXPECT_EQ(facts_of(BinarySubtype::kGeneric, {14, 1}), nullptr);
  EXPECT_EQ(blob_facts(Value::of(14).view()), nullptr);
}

TEST(BlobFacts, PayloadsAreForTheServerAndOnlyValuesAreIndexed) {
  for (const BlobFacts* facts : rows()) {
    const bool payload =
        facts->role == BlobRole::kInsertPayload || facts->role == BlobRole::kFindPayload;
    EXPECT_EQ(facts->is_server_payload(), payload) << facts->name;
    if (facts->is_indexed()) {
      EXPECT_TRUE(facts->is(BlobRole::kValue, 2)) << facts->name;
    }
  }
  for (const auto indexed : {BlobSubtype::kIndexedEqualityValueV2,
                             BlobSubtype::kIndexedRangeValueV2, BlobSubtype::kIndexedTextValue}) {
    EXPECT_TRUE(blob_facts(indexed).is_indexed());
  }
  EXPECT_FALSE(blob_facts(BlobSubtype::kUnindexedValueV2).is_indexed());
}

TEST(BlobFacts, RoleAndVersionBelongTogether) {
  const BlobFacts& value = blob_facts(BlobSubtype::kUnindexedValueV2);
  EXPECT_TRUE(value.is(BlobRole::kValue, 2));
  EXPECT_FALSE(value.is(BlobRole::kValue, 1));
  EXPECT_FALSE(value.is(BlobRole::kFindPayload, 2));
}

TEST(BlobFacts, OnlyValuesHoldTypesThatCanBeEncrypted) {
  for (const BlobFacts* facts : rows()) {
    for (int number = 0; number < 256; ++number) {
      const auto type = static_cast<Type>(number);
      if (!facts->types.contains(type)) continue;
      EXPECT_EQ(facts->role, BlobRole::kValue) << facts->name;
      EXPECT_TRUE(kEncryptableTypes.contains(type)) << facts->name << " " << number;
    }
  }
}

TEST(TypeSet, HoldsWhatItWasMadeOf) {
  constexpr TypeSet some{Type::kString, Type::kDecimal128};
  EXPECT_TRUE(some.contains(Type::kString));
  EXPECT_TRUE(some.contains(Type::kDecimal128));
  EXPECT_FALSE(some.contains(Type::kInt32));
  EXPECT_FALSE(TypeSet().contains(Type::kString));
  EXPECT_FALSE(some.without({Type::kString}).contains(Type::kString));
  EXPECT_TRUE(some.without({Type::kString, Type::kInt32}).contains(Type::kDecimal128));
}

// Their numbers are beyond the bits of a set, and must not come round to those of others.
TEST(TypeSet, NeverHoldsMinKeyAndMaxKey) {
  for (const Type type : {Type::kMinKey, Type::kMaxKey, static_cast<Type>(32)}) {
    EXPECT_FALSE(kEncryptableTypes.contains(type));
  }
  EXPECT_FALSE(kEncryptableTypes.contains(static_cast<Type>(32 + 2)));
}

TEST(AddBlobFacts, TakesAFirstByteOnce) {
  static constexpr BlobFacts kMadeUp{static_cast<BlobSubtype>(250), "MadeUp", BlobRole::kValue, 2,
                                     BlobLayout::kOneBlock};
  add_blob_facts(kMadeUp);
  EXPECT_EQ(known_blob_facts(250), &kMadeUp);
  EXPECT_THROW(add_blob_facts(kMadeUp), Error);
}

}  // namespace
}  // namespace quern::bson
