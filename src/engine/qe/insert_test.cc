// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/insert.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <thread>

#include "engine/qe/testing/encrypted_collection.h"
#include "protocol/indexed_value.h"

namespace quern::engine::qe {
namespace {

using testing::code_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class EncryptedInsert : public testing::EncryptedCollection {};

BytesView blob(bson::ValueView value) { return value.as_binary().bytes; }

TEST_F(EncryptedInsert, GivesThePublishedTag) {
  const bson::Document stored = insert(bson::doc("_id", 1, "ssn", insert_payload("123")));
  EXPECT_THAT(tags_of(stored), ElementsAre("31eCYlbQoVboc5zwC8IoyJVSkag9PxREka8dkmbXJeY="));
}

TEST_F(EncryptedInsert, GivesThePublishedTagOfAnotherValue) {
  const bson::Document stored = insert(bson::doc("_id", 1, "ssn", insert_payload("value123")));
  EXPECT_THAT(tags_of(stored), ElementsAre("ThpoKfQ8AkOzkFfNC1+9PF0pY2nIzfXvRdxQgjkNbBw="));
}

TEST_F(EncryptedInsert, WritesTheEscEntryOfTheProtocol) {
  insert(bson::doc("_id", 1, "ssn", insert_payload("123")));
  const auto entries = all(esc);
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_EQ(to_hex(entries[0]["_id"].as_binary().bytes),
            "f958aceef22db3a508bf308bb89ab88cc1c875d2747fc388643b94093e2bb315");
  EXPECT_EQ(entries[0].view().count(), 1u);
}

TEST_F(EncryptedInsert, WritesTheEcocRecordAsItCame) {
  const bson::Value payload = insert_payload("123");
  insert(bson::doc("_id", 1, "ssn", payload));
  const auto records = all(ecoc);
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0]["_id"].type(), bson::Type::kObjectId);
  EXPECT_EQ(records[0]["fieldName"].as_string(), "ssn");
  const auto parsed = protocol::InsertUpdatePayloadV2::parse(blob(payload));
  EXPECT_TRUE(equal(records[0]["value"].as_binary().bytes, parsed.tokens.encrypted_tokens.bytes()));
  EXPECT_EQ(records[0].view().count(), 3u);
}

TEST_F(EncryptedInsert, CreatesTheStateCollectionsClustered) {
  insert(bson::doc("_id", 1, "ssn", insert_payload("123")));
  const bson::Document clustered = bson::from_json(R"({"key": {"_id": 1}, "unique": true})");
  for (const std::string& name : {esc, ecoc}) {
    const auto catalog = engine.catalog().snapshot();
    ASSERT_NE(catalog->find(Namespace{"db", name}), nullptr) << name;
    EXPECT_EQ(catalog->find(Namespace{"db", name})->options()["clusteredIndex"].as_document(),
              clustered.view());
  }
}

TEST_F(EncryptedInsert, CountsEachUseOfAValue) {
  std::vector<std::string> tags;
  for (int i = 1; i <= 5; ++i) {
    const bson::Document stored = insert(bson::doc("_id", i, "ssn", insert_payload("123")));
    const auto value = protocol::IndexedValue::parse(blob(stored["ssn"]));
    const auto payload = protocol::InsertUpdatePayloadV2::parse(blob(insert_payload("123")));
    EXPECT_EQ(
        value.block(0).counters(protocol::ServerMetadataTokens(payload.tokens.server_derived)),
        (protocol::MetadataBlock::Counters{static_cast<std::uint64_t>(i), 0}));
    tags.push_back(tags_of(stored).at(0));
  }
  std::sort(tags.begin(), tags.end());
  EXPECT_EQ(std::unique(tags.begin(), tags.end()), tags.end());
}

TEST_F(EncryptedInsert, PutsAllTagsAtTheEndInTheOrderOfTheFields) {
  const bson::Document stored =
      insert(bson::doc("_id", 1, "ssn", insert_payload("123"), "card",
                       bson::doc("number", insert_payload(std::int64_t{42})), "city", "Ulm"));
  std::vector<std::string> keys;
  for (const bson::Element& element : stored) keys.emplace_back(element.key());
  EXPECT_THAT(keys, ElementsAre("_id", "ssn", "card", "city", "__safeContent__"));
  EXPECT_THAT(
      tags_of(stored),
      ElementsAre(
          to_base64(protocol::IndexedValue::parse(blob(stored["ssn"])).block(0).tag()),
          to_base64(protocol::IndexedValue::parse(blob(stored["card"].as_document()["number"]))
                        .block(0)
                        .tag())));
}

TEST_F(EncryptedInsert, LeavesUnindexedValuesAndPlainDocumentsAlone) {
  const bson::Document document = bson::doc("_id", 1, "notes", unindexed("secret"), "n", 5);
  EXPECT_EQ(insert(document), document);
  EXPECT_THAT(all(esc), IsEmpty());
  EXPECT_THAT(all(ecoc), IsEmpty());
}

TEST_F(EncryptedInsert, RollsEverythingBackTogether) {
  EXPECT_EQ(code_of([&] {
              transact([&](Operation& op) {
                const bson::Document document = bson::doc("_id", 1, "ssn", insert_payload("123"));
                prepare_insert(op, ns, fields, WrittenDocument(document));
                throw Error(ErrorCode::kBadValue, "the document is refused");
              });
            }),
            2);
  EXPECT_THAT(all(esc), IsEmpty());
  EXPECT_THAT(all(ecoc), IsEmpty());
}

TEST_F(EncryptedInsert, ThreadsNeverShareACounter) {
  constexpr int kThreads = 4;
  constexpr int kEach = 50;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        insert(bson::doc("_id", t * kEach + i, "ssn", insert_payload("the same")));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<std::string> tags;
  for (const bson::Document& document : all("people")) tags.push_back(tags_of(document).at(0));
  EXPECT_THAT(tags, SizeIs(kThreads * kEach));
  std::sort(tags.begin(), tags.end());
  EXPECT_EQ(std::unique(tags.begin(), tags.end()), tags.end());
  EXPECT_THAT(all(esc), SizeIs(kThreads * kEach));
  EXPECT_THAT(all(ecoc), SizeIs(kThreads * kEach));
}

TEST_F(EncryptedInsert, RefusesPayloadsThatDoNotFitTheSchema) {
  const auto refused = [&](const bson::Document& document) {
    return code_of([&] { insert(document); });
  };
  EXPECT_EQ(refused(bson::doc("_id", 1, "notes", insert_payload("x"))), 6373601);
  EXPECT_EQ(refused(bson::doc("_id", 1, "other", insert_payload("x"))), 6726300);
  EXPECT_EQ(refused(bson::doc("_id", 1, "ssn", insert_payload(std::int64_t{1}))), 6726301);
  EXPECT_EQ(
      refused(bson::doc("_id", 1, "ssn", insert_payload("x"), "__safeContent__", bson::array())),
      6666200);
  EXPECT_THAT(all(esc), IsEmpty());
}

TEST_F(EncryptedInsert, RefusesATypeThatNoQueryTakesAndNamesItsField) {
  const bson::Value payload = insert_payload("x");
  Bytes bytes(payload.view().as_binary().bytes.begin(), payload.view().as_binary().bytes.end());
  constexpr std::uint8_t kType[] = {0x10, 't', 0};
  const auto at = std::search(bytes.begin(), bytes.end(), std::begin(kType), std::end(kType));
  ASSERT_NE(at, bytes.end());
  at[std::size(kType)] = static_cast<std::uint8_t>(bson::Type::kDouble);
  try {
    insert(bson::doc("_id", 1, "ssn", binary(bytes)));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), 6373504);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("The payload of 'ssn' holds a double"));
  }
}

TEST_F(EncryptedInsert, RefusesContentionAboveTheSchemas) {
  // With contention 2^40 a factor above 0 is all but certain.
  EXPECT_EQ(code_of([&] {
              insert(bson::doc("_id", 1, "ssn", insert_payload("x", std::int64_t{1} << 40)));
            }),
            9188700);
}

TEST_F(EncryptedInsert, RefusesBlobsThatNoClientWrites) {
  const auto refused = [&](std::uint8_t first_byte) {
    return code_of([&] {
      insert(bson::doc("_id", 1, "x", binary(Bytes{first_byte, 0, 0, 0, 0, 0})));
    });
  };
  EXPECT_EQ(refused(4), 7291901);
  EXPECT_EQ(refused(6), 7413901);
  EXPECT_EQ(refused(14), 6373503);
  EXPECT_EQ(refused(12), 0);
}

TEST_F(EncryptedInsert, ErrorsNeverHoldThePayload) {
  const bson::Value payload = insert_payload("x");
  try {
    insert(bson::doc("_id", 1, "other", payload));
    FAIL() << "no error";
  } catch (const Error& error) {
    const auto parsed = protocol::InsertUpdatePayloadV2::parse(blob(payload));
    EXPECT_EQ(std::string(error.what()).find(to_hex(parsed.tokens.esc.bytes())), std::string::npos);
    EXPECT_EQ(std::string(error.what()).find(to_base64(parsed.tokens.esc.bytes())),
              std::string::npos);
  }
}

}  // namespace
}  // namespace quern::engine::qe
