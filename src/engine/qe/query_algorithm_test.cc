// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A query type is a row and two classes. The one below, which no other file knows, finds numbers by
// their value and by whether they are even: each is indexed under two token sets.
#include "engine/qe/query_algorithm.h"

#include <gmock/gmock.h>

#include <string>

#include "bson/blob_facts.h"
#include "crypto/decrypt.h"
#include "crypto/opening.h"
#include "crypto/sealing.h"
#include "engine/engine_runner.h"
#include "engine/qe/consistency.h"
#include "engine/session/operation.h"
#include "protocol/find_equality_payload.h"
#include "protocol/indexed_value.h"
#include "quern/command/reply.h"
#include "schema/encrypted_fields.h"
#include "schema/placeholder.h"

namespace quern::engine::qe {
namespace {

using bson::array;
using bson::doc;
using bson::Document;
using bson::Value;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// The row.
constexpr bson::BlobFacts kFindParityPayload{static_cast<bson::BlobSubtype>(200),
                                             "FindParityPayload", bson::BlobRole::kFindPayload, 2,
                                             bson::BlobLayout::kDocument};
constexpr bson::BlobFacts kIndexedParityValue{
    static_cast<bson::BlobSubtype>(201), "IndexedParityEncryptedValue", bson::BlobRole::kValue, 2,
    bson::BlobLayout::kBlockCount,       {bson::Type::kInt32}};
constexpr schema::AlgorithmFacts kParity{
    .algorithm = static_cast<schema::Algorithm>(100),
    .name = "parity",
    .stored = kIndexedParityValue.subtype,
    .find = kFindParityPayload.subtype,
    .supported = true,
};
constexpr schema::QueryType kParityType{
    "parity", kParity.algorithm, schema::Standing::kStable, schema::kAnswersEquality,
    [](const schema::EncryptedField&, const schema::DeclaredQuery&) {}};

std::string_view parity_of(std::int32_t number) { return number % 2 == 0 ? "even" : "odd"; }

// The client's class. What is searched for is a number, or "even" or "odd".
class ClientParity final : public crypto::QueryAlgorithm {
 public:
  Bytes insert(const crypto::EncryptRequest& request, RandomSource& random) const override {
    crypto::check_encryptable(request.value, kParity.stored, " for parity queries");
    const std::uint64_t factor = crypto::draw_contention_factor(request.max_contention, random);
    const auto set = [&](BytesView data) {
      return crypto::token_set(request.index_key, data, factor, random);
    };
    std::vector<protocol::TokenSet> sets;
    sets.push_back(set(request.value.bytes()));
    sets.push_back(set(as_bytes(parity_of(request.value.as_int32()))));
    return crypto::insert_payload(request, factor, set(request.value.bytes()), std::move(sets),
                                  random);
  }
  Bytes find(const crypto::EncryptRequest& request) const override {
    const BytesView data =
        request.value.is_string() ? as_bytes(request.value.as_string()) : request.value.bytes();
    const protocol::FindEqualityPayloadV2 payload{
        .tokens = crypto::find_token_set(request.index_key, data),
        .max_contention = request.max_contention,
    };
    Bytes blob = payload.serialize();
    blob[0] = static_cast<std::uint8_t>(kFindParityPayload.subtype);
    return blob;
  }
  bson::Value decrypt(BytesView stored, const crypto::KeySource& keys) const override {
    return crypto::open_indexed(stored, keys);
  }

 private:
  static BytesView as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  }
};

// The server's class.
class ServerParity final : public QueryAlgorithm {
 public:
  std::span<const protocol::TokenSet> insert_tokens(
      std::string_view, const protocol::InsertUpdatePayloadV2& payload) const override {
    if (payload.more_tokens.size() != 2) throw Error(9188707, "not a parity payload");
    return payload.more_tokens;
  }
  protocol::FindTokens find_tokens(BytesView blob) const override {
    Bytes equality(blob.begin(), blob.end());
    equality[0] = static_cast<std::uint8_t>(bson::BlobSubtype::kFindEqualityPayloadV2);
    auto payload = protocol::FindEqualityPayloadV2::parse(equality);
    protocol::FindTokens found;
    found.sets.push_back(std::move(payload.tokens));
    found.max_contention = payload.max_contention;
    return found;
  }
};

void register_parity() {
  static const bool once = [] {
    static const ClientParity client;
    static const ServerParity server;
    bson::add_blob_facts(kFindParityPayload);
    bson::add_blob_facts(kIndexedParityValue);
    schema::add_query_type(kParityType, kParity);
    crypto::add_query_algorithm(kParity.algorithm, client);
    add_query_algorithm(kParity.algorithm, server);
    return true;
  }();
  (void)once;
}

class MadeUpQueryType : public ::testing::Test {
 protected:
  MadeUpQueryType() {
    register_parity();
    run(doc("create", "numbers", "encryptedFields", schema_document()));
    for (const int n : {1, 2, 3, 4}) insert(n, n);
  }

  Document schema_document() const {
    return doc("escCollection", "enxcol_.numbers.esc", "ecocCollection", "enxcol_.numbers.ecoc",
               "fields",
               array(doc("path", "n", "bsonType", "int", "keyId", id, "queries",
                         doc("queryType", "parity", "contention", std::int64_t{0}))));
  }
  Document information() const {
    return doc("type", 1, "schema", doc("db.numbers", schema_document()));
  }

  // As the client makes it of a marking.
  Value payload(const Value& value, schema::EncryptionPlaceholder::Kind kind) const {
    schema::EncryptionPlaceholder made;
    made.kind = kind;
    made.algorithm = kParity.algorithm;
    made.index_key_id = made.user_key_id = id;
    made.value = value;
    const auto marking = schema::EncryptionPlaceholder::parse(made.serialize());
    const crypto::QueryAlgorithm& algorithm = crypto::query_algorithm(marking.algorithm);
    const crypto::EncryptRequest request{marking.value,       *key, marking.index_key_id, *key,
                                         marking.user_key_id, 0};
    const Bytes blob = kind == schema::EncryptionPlaceholder::kFind
                           ? algorithm.find(request)
                           : algorithm.insert(request, RandomSource::system());
    return Value::of(bson::Binary{bson::BinarySubtype::kEncrypted, blob});
  }
  Value stored_payload(std::int32_t n) const {
    return payload(Value::of(n), schema::EncryptionPlaceholder::kInsert);
  }
  Value condition(const Value& value) const {
    return payload(value, schema::EncryptionPlaceholder::kFind);
  }

  Document run(const Document& command) {
    Document reply = runner.run("db", command);
    throw_if_error(reply);
    return reply;
  }
  void insert(int document_id, std::int32_t n) {
    run(doc("insert", "numbers", "documents",
            array(doc("_id", document_id, "n", stored_payload(n))), "encryptionInformation",
            information()));
  }
  std::vector<int> ids(const Value& wanted) {
    std::vector<int> found;
    for_each(runner, "db",
             doc("find", "numbers", "filter", doc("n", condition(wanted)), "encryptionInformation",
                 information()),
             [&](bson::View document) {
               found.push_back(document["_id"].as_int32());
               return true;
             });
    return found;
  }
  Document stored(int document_id) {
    const Document reply = run(doc("find", "numbers", "filter", doc("_id", document_id)));
    return Document(
        reply.view().at_path("cursor.firstBatch").as_array().front().value().as_document());
  }
  std::vector<std::string> faults() {
    const Document command = doc("check", 1);
    Operation op(runner.engine(), "db", command);
    return check_consistency(op, {"db", "numbers"}).faults;
  }

  const Uuid id = Uuid::from_bytes(Bytes(16, 7));
  const std::shared_ptr<const crypto::DataKey> key =
      std::make_shared<const crypto::DataKey>(SecretBytes::copy_of(Bytes(96, 5)));
  EngineRunner runner{EngineOptions{}};
};

TEST_F(MadeUpQueryType, FindsAValueByEachOfItsTags) {
  EXPECT_THAT(ids(Value::of(2)), ElementsAre(2));
  EXPECT_THAT(ids(Value::of(7)), IsEmpty());
  EXPECT_THAT(ids(Value::of("even")), UnorderedElementsAre(2, 4));
  EXPECT_THAT(ids(Value::of("odd")), UnorderedElementsAre(1, 3));
}

TEST_F(MadeUpQueryType, HasATagAndAMetadataBlockForEachTokenSet) {
  const Document document = stored(4);
  EXPECT_EQ(document["__safeContent__"].as_array().count(), 2u);
  const auto value = protocol::IndexedValue::parse(document["n"].as_binary().bytes);
  ASSERT_EQ(value.block_count(), 2u);
  EXPECT_TRUE(equal(document["__safeContent__"].as_array().front().as_binary().bytes,
                    value.block(0).tag()));
  EXPECT_EQ(
      crypto::decrypt_value(document["n"].as_binary().bytes, [this](const Uuid&) { return key; }),
      Value::of(4));
}

TEST_F(MadeUpQueryType, AnUpdateExchangesAllTags) {
  run(doc("update", "numbers", "updates",
          array(doc("q", doc("n", condition(Value::of(4))), "u",
                    doc("$set", doc("n", stored_payload(5))))),
          "encryptionInformation", information()));
  EXPECT_THAT(ids(Value::of("even")), ElementsAre(2));
  EXPECT_THAT(ids(Value::of("odd")), UnorderedElementsAre(1, 3, 4));
  EXPECT_THAT(ids(Value::of(4)), IsEmpty());
  EXPECT_EQ(stored(4)["__safeContent__"].as_array().count(), 2u);
}

TEST_F(MadeUpQueryType, IsDeletedAndCompacted) {
  run(doc("delete", "numbers", "deletes",
          array(doc("q", doc("n", condition(Value::of("odd"))), "limit", 0)),
          "encryptionInformation", information()));
  EXPECT_THAT(ids(Value::of("odd")), IsEmpty());
  const Value token =
      Value::of(bson::Binary{bson::BinarySubtype::kGeneric, key->ecoc_token().bytes()});
  const Document reply =
      run(doc("compactStructuredEncryptionData", "numbers", "compactionTokens", doc("n", token)));
  EXPECT_EQ(reply.view().at_path("stats.ecoc.read").as_int64(), 8);
  EXPECT_EQ(reply.view().at_path("stats.esc.inserted").as_int64(), 6) << "4 numbers, 2 parities";
  insert(6, 6);
  EXPECT_THAT(ids(Value::of("even")), UnorderedElementsAre(2, 4, 6));
  EXPECT_THAT(faults(), IsEmpty());
}

TEST_F(MadeUpQueryType, RefusesPayloadsOfAnother) {
  const Value equality = Value::of(bson::Binary{
      bson::BinarySubtype::kEncrypted,
      crypto::equality().insert({Value::of(1), *key, id, *key, id, 0}, RandomSource::system())});
  const Document reply =
      runner.run("db", doc("insert", "numbers", "documents", array(doc("_id", 9, "n", equality)),
                           "encryptionInformation", information()));
  const bson::Element error = reply["writeErrors"].as_array().front();
  EXPECT_EQ(error.as_document()["code"].as_int32(), 9188707);
}

}  // namespace
}  // namespace quern::engine::qe
