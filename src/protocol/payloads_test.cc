// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// How the payloads' parsers take bytes that are not what they should be.
#include <gtest/gtest.h>

#include <functional>

#include "crypto/testing/fixtures.h"
#include "crypto/testing/payloads.h"
#include "protocol/find_equality_payload.h"
#include "protocol/indexed_value.h"
#include "protocol/insert_update_payload.h"
#include "protocol/sealed_value.h"
#include "quern/base/error.h"
#include "quern/bson/document.h"

namespace quern::protocol {
namespace {

using crypto::testing::index_key;
using crypto::testing::index_key_id;
using crypto::testing::user_key;
using crypto::testing::user_key_id;

using Parse = std::function<void(BytesView)>;
const Parse kParseInsert = [](BytesView blob) { InsertUpdatePayloadV2::parse(blob); };
const Parse kParseCiphertext = [](BytesView blob) { InsertUpdateCiphertext::parse(blob); };
const Parse kParseFind = [](BytesView blob) { FindEqualityPayloadV2::parse(blob); };
const Parse kParseStored = [](BytesView blob) { IndexedValue::parse(blob); };
const Parse kParseSealed = [](BytesView blob) { SealedValue::parse(blob); };

std::int32_t code_of(const Parse& parse, BytesView blob) {
  try {
    parse(blob);
    return 0;
  } catch (const Error& error) {
    return error.code();
  }
}

Bytes insert_blob() {
  return crypto::insert_equality_payload(*index_key(), index_key_id(), *user_key(), user_key_id(),
                                         bson::Value::of("hello").view(), 8,
                                         RandomSource::system());
}
Bytes find_blob() {
  return crypto::find_equality_payload(*index_key(), bson::Value::of("x").view(), 8);
}

// The blob with its document rebuilt by edit.
Bytes edited(
    BytesView blob, const std::function<void(const bson::Element&, bson::Builder&)>& edit,
    const std::function<void(bson::Builder&)>& end = [](bson::Builder&) {}) {
  bson::Builder builder;
  for (const bson::Element& element : bson::View::parse(blob.subspan(1))) edit(element, builder);
  end(builder);
  Bytes result{blob[0]};
  const Bytes document = builder.finish_bytes();
  result.insert(result.end(), document.begin(), document.end());
  return result;
}

Bytes without(BytesView blob, std::string_view key) {
  return edited(blob, [&](const bson::Element& element, bson::Builder& builder) {
    if (element.key() != key) builder.append(element);
  });
}

template <class T>
Bytes with(BytesView blob, std::string_view key, const T& value) {
  return edited(blob, [&](const bson::Element& element, bson::Builder& builder) {
    if (element.key() == key) {
      builder.append(key, value);
    } else {
      builder.append(element);
    }
  });
}

template <class T>
Bytes with_more(BytesView blob, std::string_view key, const T& value) {
  return edited(
      blob, [](const bson::Element& element, bson::Builder& b) { b.append(element); },
      [&](bson::Builder& builder) { builder.append(key, value); });
}

bson::Binary generic(BytesView bytes) { return {bson::BinarySubtype::kGeneric, bytes}; }

TEST(InsertUpdatePayload, TheServerRequiresEveryMemberAndKnowsNoOther) {
  const Bytes blob = insert_blob();
  ASSERT_EQ(code_of(kParseInsert, blob), 0);
  for (const char* key : {"d", "s", "p", "u", "t", "v", "e", "l", "k"}) {
    EXPECT_EQ(code_of(kParseInsert, without(blob, key)), 40414) << key;
    EXPECT_EQ(code_of(kParseInsert, with(blob, key, "text")), 14) << key;
  }
  EXPECT_EQ(code_of(kParseInsert, with_more(blob, "x", 1)), 40415);
  EXPECT_EQ(code_of(kParseInsert, with_more(blob, "k", std::int64_t{1})), 40413) << "twice";
}

TEST(InsertUpdatePayload, TheClientIgnoresUnknownMembers) {
  const Bytes blob = insert_blob();
  EXPECT_EQ(code_of(kParseCiphertext, with_more(blob, "x", 1)), 0);
  EXPECT_EQ(code_of(kParseCiphertext, with_more(blob, "g", bson::array())), 0);
  EXPECT_EQ(code_of(kParseCiphertext, without(blob, "e")), 40414);
  EXPECT_EQ(code_of(kParseCiphertext, with(blob, "v", generic(Bytes(16)))), 2)
      << "a key id without a ciphertext";
}

TEST(InsertUpdatePayload, WrongLengthsAndRangesAreRefused) {
  const Bytes blob = insert_blob();
  const Bytes bytes(64);
  for (const char* key : {"d", "s", "e", "l"}) {
    for (const std::size_t size : {0, 31, 33}) {
      EXPECT_EQ(code_of(kParseInsert, with(blob, key, generic(BytesView(bytes).first(size)))), 2)
          << key << size;
    }
  }
  for (const std::size_t size : {0, 47, 52}) {
    EXPECT_EQ(code_of(kParseInsert, with(blob, "p", generic(BytesView(bytes).first(size)))), 2);
  }
  EXPECT_EQ(code_of(kParseInsert, with(blob, "t", 0)), 2);
  EXPECT_EQ(code_of(kParseInsert, with(blob, "t", 0x20)), 2);
  EXPECT_EQ(code_of(kParseInsert, with(blob, "t", -1)), 2);
  EXPECT_EQ(code_of(kParseInsert, with(blob, "k", std::int64_t{-1})), 2);
  EXPECT_EQ(code_of(kParseInsert, with(blob, "k", INT64_MAX)), 2);
  EXPECT_EQ(code_of(kParseInsert, with(blob, "k", 1)), 14) << "an int32 is no int64";
}

bson::Document token_set(std::uint8_t fill, std::size_t p_size) {
  const Bytes token(32, fill);
  const Bytes p(p_size, fill);
  return bson::doc("d", generic(token), "s", generic(token), "l", generic(token), "p", generic(p));
}

TEST(InsertUpdatePayload, FurtherTokenSetsAreReadAndWritten) {
  const Bytes blob = with_more(insert_blob(), "g", bson::array(token_set(1, 49), token_set(2, 48)));
  const auto payload = InsertUpdatePayloadV2::parse(blob);
  ASSERT_EQ(payload.more_tokens.size(), 2u);
  EXPECT_EQ(payload.more_tokens[0].encrypted_tokens.bytes().size(), 49u);
  EXPECT_EQ(payload.more_tokens[1].edc.bytes()[0], 2);
  EXPECT_EQ(payload.serialize(), blob);
}

TEST(InsertUpdatePayload, DamagedFurtherTokenSetsAreRefused) {
  const Bytes blob = insert_blob();
  const auto with_set = [&](const bson::Document& set) {
    return code_of(kParseInsert, with_more(blob, "g", bson::array(set)));
  };
  EXPECT_EQ(with_set(token_set(1, 47)), 2);
  EXPECT_EQ(with_set(token_set(1, 52)), 2);
  EXPECT_EQ(with_set(bson::doc("d", 1)), 40414);
  EXPECT_EQ(code_of(kParseInsert, with_more(blob, "g", 1)), 14);
  EXPECT_EQ(code_of(kParseInsert, with_more(blob, "g", bson::array(1))), 14);
}

TEST(InsertUpdatePayload, TextPayloadsAreRefusedByName) {
  const Bytes blob = insert_blob();
  EXPECT_THROW(InsertUpdatePayloadV2::parse(with_more(blob, "b", bson::doc())), NotSupported);
}

TEST(FindEqualityPayload, RequiresEveryMemberAndKnowsNoOther) {
  const Bytes blob = find_blob();
  ASSERT_EQ(code_of(kParseFind, blob), 0);
  for (const char* key : {"d", "s", "l", "cm"}) {
    EXPECT_EQ(code_of(kParseFind, without(blob, key)), 40414) << key;
    EXPECT_EQ(code_of(kParseFind, with(blob, key, true)), 14) << key;
  }
  for (const char* key : {"d", "s", "l"}) {
    EXPECT_EQ(code_of(kParseFind, with(blob, key, generic(Bytes(31)))), 2) << key;
  }
  EXPECT_EQ(code_of(kParseFind, with_more(blob, "x", 1)), 40415);
  EXPECT_EQ(code_of(kParseFind, with(blob, "cm", std::int64_t{-1})), 2);
}

TEST(StoredEqualityValue, OnlyTypesThatAreIndexedCanBeBuilt) {
  const Bytes blob = insert_blob();
  auto payload = InsertUpdatePayloadV2::parse(blob);
  payload.type = bson::Type::kDouble;
  const auto build = [&](BytesView) {
    crypto::testing::stored_value(payload, 1, Tag{}, RandomSource::system());
  };
  EXPECT_EQ(code_of(build, {}), 6373504);
  payload.type = bson::Type::kString;
  payload.value = {};
  EXPECT_EQ(code_of(build, {}), 9697302);
}

TEST(StoredEqualityValue, ImpossibleLengthsAndTypesAreRefused) {
  const Bytes blob = insert_blob();
  const auto payload = InsertUpdatePayloadV2::parse(blob);
  Bytes stored = crypto::testing::stored_value(payload, 1, Tag{}, RandomSource::system());
  EXPECT_EQ(code_of(kParseStored, BytesView(stored).first(18 + 17 + 95)), 2);
  EXPECT_EQ(code_of(kParseStored, BytesView(stored).first(18 + 17 + 96)), 0);
  for (const std::uint8_t type : {0x01, 0x03, 0x0A, 0x13, 0x00, 0x55}) {
    stored[17] = type;
    EXPECT_EQ(code_of(kParseStored, stored), 2) << int{type};
  }
}

TEST(MetadataBlock, BelongsToItsTokenOnly) {
  const Bytes blob = insert_blob();
  const auto payload = InsertUpdatePayloadV2::parse(blob);
  const Bytes stored = crypto::testing::stored_value(payload, 1, Tag{}, RandomSource::system());
  const MetadataBlock block = IndexedValue::parse(stored).block(0);
  EXPECT_TRUE(block.belongs_to(ServerMetadataTokens(payload.tokens.server_derived)));
  const ServerMetadataTokens other(ServerDerivedFromDataToken::copy_of(Bytes(32, 1)));
  EXPECT_FALSE(block.belongs_to(other));
  EXPECT_FALSE(block.counters(other).has_value());
}

TEST(SealedValue, OtherSubtypesLengthsAndTypesAreRefused) {
  Bytes blob = crypto::unindexed_value(*user_key(), user_key_id(), bson::Value::of(1).view(),
                                       RandomSource::system());
  EXPECT_EQ(code_of(kParseSealed, blob), 0);
  EXPECT_EQ(code_of(kParseSealed, BytesView(blob).first(18)), 2);
  EXPECT_EQ(code_of(kParseSealed, {}), 2);
  blob[17] = 0x20;
  EXPECT_EQ(code_of(kParseSealed, blob), 2);
  blob[17] = 0x10;
  blob[0] = 14;
  EXPECT_EQ(code_of(kParseSealed, blob), 2);
}

TEST(Payloads, TruncatedBlobsGiveTypedErrors) {
  const std::pair<Bytes, Parse> blobs[] = {
      {insert_blob(), kParseInsert}, {insert_blob(), kParseCiphertext}, {find_blob(), kParseFind}};
  for (const auto& [blob, parse] : blobs) {
    for (std::size_t size = 0; size < blob.size(); ++size) {
      EXPECT_NE(code_of(parse, BytesView(blob).first(size)), 0) << size;
    }
  }
}

TEST(Payloads, FlippedBitsGiveTypedErrorsOrAnotherPayload) {
  const std::pair<Bytes, Parse> blobs[] = {
      {insert_blob(), kParseInsert}, {insert_blob(), kParseCiphertext}, {find_blob(), kParseFind}};
  for (const auto& [blob, parse] : blobs) {
    for (std::size_t bit = 0; bit < blob.size() * 8; ++bit) {
      Bytes changed = blob;
      changed[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
      code_of(parse, changed);  // anything but quern::Error escapes and fails the test
    }
  }
}

}  // namespace
}  // namespace quern::protocol
