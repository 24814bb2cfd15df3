// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A query type on the client's side is a row and one class. The one below, which no other file
// knows, is found by order; its payloads say in the clear what it was asked.
#include "crypto/query_algorithm.h"

#include <gmock/gmock.h>

#include "client/client_fixture.h"
#include "crypto/opening.h"
#include "crypto/sealing.h"
#include "keyvault/client_encryption.h"

namespace quern::client {
namespace {

using ::testing::ElementsAre;

// The row.
constexpr bson::BlobFacts kFindOrderedPayload{static_cast<bson::BlobSubtype>(202),
                                              "FindOrderedPayload", bson::BlobRole::kFindPayload, 2,
                                              bson::BlobLayout::kDocument};
constexpr bson::BlobFacts kOrderedValue{
    static_cast<bson::BlobSubtype>(203), "OrderedEncryptedValue", bson::BlobRole::kValue, 2,
    bson::BlobLayout::kBlockCount,       {bson::Type::kInt32}};
constexpr schema::AlgorithmFacts kOrdered{
    .algorithm = static_cast<schema::Algorithm>(101),
    .name = "ordered",
    .stored = kOrderedValue.subtype,
    .find = kFindOrderedPayload.subtype,
    .supported = true,
    .explicit_name = "Ordered",
};
constexpr schema::QueryType kOrderedType{
    "ordered", kOrdered.algorithm, schema::Standing::kStable,
    schema::kAnswersEquality | schema::kAnswersOrder,
    [](const schema::EncryptedField&, const schema::DeclaredQuery&) {}};

// The class. Remembers how often it was called for.
class ClientOrdered final : public crypto::QueryAlgorithm {
 public:
  Bytes insert(const crypto::EncryptRequest& request, RandomSource& random) const override {
    crypto::check_encryptable(request.value, kOrdered.stored, " for ordered queries");
    std::vector<protocol::TokenSet> sets;
    sets.push_back(crypto::token_set(request.index_key, request.value.bytes(), 0, random));
    sparsity = request.queries.empty() ? 0 : request.queries.front().sparsity.value_or(0);
    return crypto::insert_payload(
        request, 0, crypto::token_set(request.index_key, request.value.bytes(), 0, random),
        std::move(sets), random);
  }
  Bytes find(const crypto::EncryptRequest&) const override {
    throw Error(ErrorCode::kBadValue, "asked for one value");
  }
  Bytes find_interval(const crypto::EncryptRequest& request,
                      const schema::Interval& interval) const override {
    EXPECT_TRUE(request.value.missing());
    const auto shown = [](bson::ValueView value) {
      return value.missing() ? std::string("open") : std::to_string(value.as_int32());
    };
    intervals.push_back((interval.lower.included ? "[" : "(") + shown(interval.lower.value) + ", " +
                        shown(interval.upper.value) + (interval.upper.included ? "]" : ")"));
    return blob(bson::doc("interval", intervals.back(), "id", interval.id));
  }
  Bytes interval_stub(const schema::Interval& interval) const override {
    return blob(bson::doc("id", interval.id));
  }
  bson::Value decrypt(BytesView stored, const crypto::KeySource& keys) const override {
    return crypto::open_indexed(stored, keys);
  }

  mutable std::vector<std::string> intervals;
  mutable std::int64_t sparsity = 0;

 private:
  static Bytes blob(const bson::Document& document) {
    Bytes made{static_cast<std::uint8_t>(kFindOrderedPayload.subtype)};
    made.insert(made.end(), document.bytes().begin(), document.bytes().end());
    return made;
  }
};

ClientOrdered& registered() {
  static ClientOrdered* const client = [] {
    static ClientOrdered made;
    bson::add_blob_facts(kFindOrderedPayload);
    bson::add_blob_facts(kOrderedValue);
    schema::add_query_type(kOrderedType, kOrdered);
    crypto::add_query_algorithm(kOrdered.algorithm, made);
    return &made;
  }();
  return *client;
}

class OrderedQueryType : public ClientTest {
 protected:
  OrderedQueryType() {
    algorithm.intervals.clear();
    server_schemas["numbers"] = schema_document();
  }

  bson::Document schema_document() const {
    return bson::doc(
        "fields", bson::array(bson::doc("keyId", key, "path", "n", "bsonType", "int", "queries",
                                        bson::doc("queryType", "ordered", "contention",
                                                  std::int64_t{0}, "sparsity", std::int64_t{3}))));
  }
  bson::Document run(std::string_view command) {
    runner.run("clinic", bson::from_json(command));
    return sent();
  }
  // The document after the first byte of a payload.
  static bson::View payload(bson::View command, std::string_view path) {
    const BytesView blob = command.at_path(path).as_binary().bytes;
    EXPECT_EQ(blob[0], 202);
    return bson::View::parse(blob.subspan(1));
  }

  ClientOrdered& algorithm = registered();
  const Uuid key = vault.create();
  EncryptingRunner runner = make_runner(
      {.map = schema::EncryptedFieldsMap::parse(bson::doc("clinic.numbers", schema_document()))});
};

TEST_F(OrderedQueryType, GetsBothBoundsInOneCall) {
  const bson::Document command =
      run(R"({"find": "numbers", "filter": {"n": {"$gte": 3, "$lt": 7}}})");
  EXPECT_THAT(algorithm.intervals, ElementsAre("[3, 7)"));
  EXPECT_EQ(payload(command, "filter.$and.0.n.$gte")["interval"].as_string(), "[3, 7)");
  EXPECT_TRUE(payload(command, "filter.$and.1.n.$lt")["interval"].missing());
  EXPECT_EQ(payload(command, "filter.$and.0.n.$gte")["id"].as_int32(),
            payload(command, "filter.$and.1.n.$lt")["id"].as_int32());
  EXPECT_FALSE(command["encryptionInformation"].missing());
}

TEST_F(OrderedQueryType, GetsBoundsThatStandApartInOneCall) {
  run(R"({"delete": "numbers", "deletes": [{"q": {"$and": [{"n": {"$gt": 3}}, {"p": 1},
          {"$and": [{"n": {"$lte": 7}}]}]}, "limit": 0}]})");
  EXPECT_THAT(algorithm.intervals, ElementsAre("(3, 7]"));
}

TEST_F(OrderedQueryType, GetsOneBoundEqualitiesAndListsAsIntervals) {
  run(R"({"aggregate": "numbers", "pipeline": [{"$match": {"n": {"$lt": 7}}}], "cursor": {}})");
  run(R"({"count": "numbers", "query": {"n": 5}})");
  run(R"({"find": "numbers", "filter": {"n": {"$in": [1, 2]}}})");
  EXPECT_THAT(algorithm.intervals, ElementsAre("[open, 7)", "[5, 5]", "[1, 1]", "[2, 2]"));
}

TEST_F(OrderedQueryType, StoresAndDecryptsWithTheParametersOfItsField) {
  const bson::Document command = run(R"({"insert": "numbers", "documents": [{"_id": 1, "n": 5}]})");
  EXPECT_EQ(algorithm.sparsity, 3);
  const auto sent = protocol::InsertUpdatePayloadV2::parse(
      command.view().at_path("documents.0.n").as_binary().bytes);
  const protocol::IndexedValue::Use use{&sent.more_tokens.front(), 1, protocol::Tag{}};
  const Bytes stored =
      protocol::IndexedValue::build(kOrderedValue.subtype, sent, {&use, 1}, RandomSource::system());
  server_reply = bson::doc(
      "cursor",
      bson::doc("id", std::int64_t{0}, "ns", "clinic.numbers", "firstBatch",
                bson::array(bson::doc("n", bson::Binary{bson::BinarySubtype::kEncrypted, stored}))),
      "ok", 1.0);
  const Reply reply = runner.run("clinic", bson::from_json(R"({"find": "numbers", "filter": {}})"));
  EXPECT_EQ(
      reply.decrypted().plaintext_document().view().at_path("cursor.firstBatch.0.n").as_int32(), 5);
}

TEST_F(OrderedQueryType, IsAnAlgorithmOfExplicitEncryption) {
  keyvault::ClientEncryption encryption(cache);
  const keyvault::EncryptOptions options{
      .algorithm = keyvault::parse_algorithm("Ordered"), .key_id = key, .contention = 0};
  EXPECT_EQ(encryption.decrypt(encryption.encrypt(bson::Value::of(5), options)),
            bson::Value::of(5));
}

}  // namespace
}  // namespace quern::client
