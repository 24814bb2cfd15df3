// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The crypto layer on a pipe, for tests that compare it with another implementation. Reads requests
// as lines of Extended JSON, answers each with one line: its result, or {"error": text}. BSON
// values travel as the bytes of a document {"v": value} in a binary, so that nothing is lost on the
// way.
//
//   {op: "key", id: uuid, key: binary}                     {}
//   {op: "wrap", key: binary, kek: binary, random}         {blob}
//   {op: "insert", key: id, index_key: id, cm, v, random}  {blob}   the other ops that encrypt too:
//   {op: "find" | "unindexed" | "deterministic" | "random", …}
//   {op: "store", blob}                                    {blob}   what a server makes of an insert
//   {op: "decrypt", blob}                                  {v}
//
// random holds the bytes to use for randomness; they must be used up exactly. Without it the bytes
// come from the system.
#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <string>

#include "crypto/decrypt.h"
#include "crypto/encrypt.h"
#include "crypto/testing/payloads.h"
#include "protocol/indexed_value.h"
#include "quern/base/error.h"
#include "quern/bson/json.h"

namespace quern {
namespace {

class PinnedRandom final : public RandomSource {
 public:
  explicit PinnedRandom(BytesView bytes) : left_(bytes) {}
  void fill(std::span<std::uint8_t> out) override {
    if (out.size() > left_.size()) throw Error(ErrorCode::kBadValue, "too few random bytes given");
    std::copy_n(left_.begin(), out.size(), out.begin());
    left_ = left_.subspan(out.size());
  }
  void check_used_up() const {
    if (!left_.empty()) throw Error(ErrorCode::kBadValue, "too many random bytes given");
  }

 private:
  BytesView left_;
};

class Tool {
 public:
  bson::Document answer(bson::View request) {
    const std::string_view op = request["op"].as_string();
    if (op == "key") {
      const BytesView key = request["key"].as_binary().bytes;
      keys_[request["id"].as_uuid()] =
          std::make_shared<const crypto::DataKey>(SecretBytes::copy_of(key));
      return bson::doc();
    }
    if (op == "decrypt") {
      const bson::Value value = crypto::decrypt_value(
          request["blob"].as_binary().bytes, [this](const Uuid& id) { return keys_.at(id); });
      const bson::Document document = bson::doc("v", value);
      return bson::doc("v", generic(document.bytes()));
    }
    const bson::Element given = request["random"];
    PinnedRandom pinned(given ? given.as_binary().bytes : BytesView());
    RandomSource& random = given ? static_cast<RandomSource&>(pinned) : RandomSource::system();
    const Bytes blob = encrypt(op, request, random);
    pinned.check_used_up();
    return bson::doc("blob", generic(blob));
  }

 private:
  static bson::Binary generic(BytesView bytes) { return {bson::BinarySubtype::kGeneric, bytes}; }

  Bytes encrypt(std::string_view op, bson::View request, RandomSource& random) {
    if (op == "wrap") {
      const crypto::Fle1Aead kek(request["kek"].as_binary().bytes);
      return kek.encrypt(random, {}, request["key"].as_binary().bytes);
    }
    if (op == "store") {
      const auto payload =
          protocol::InsertUpdatePayloadV2::parse(request["blob"].as_binary().bytes);
      const protocol::Tag tag = protocol::EdcTwiceDerivedToken(payload.tokens.edc).tag(1);
      const protocol::IndexedValue::Use use{&payload.tokens, 1, tag};
      return protocol::IndexedValue::build(bson::BlobSubtype::kIndexedEqualityValueV2, payload,
                                           {&use, 1}, random);
    }
    const Uuid id = request["key"].as_uuid();
    const crypto::DataKey& key = *keys_.at(id);
    const bson::View document = bson::View::parse(request["v"].as_binary().bytes);
    const bson::ValueView value = document["v"];
    if (op == "unindexed") return crypto::unindexed_value(key, id, value, random);
    if (op == "deterministic") return crypto::csfle_deterministic_value(key, id, value);
    if (op == "random") return crypto::csfle_random_value(key, id, value, random);
    const Uuid index_id = request["index_key"].as_uuid();
    const crypto::DataKey& index_key = *keys_.at(index_id);
    const std::int64_t contention = request["cm"].whole_number().value();
    if (op == "find") return crypto::find_equality_payload(index_key, value, contention);
    if (op == "insert") {
      return crypto::insert_equality_payload(index_key, index_id, key, id, value, contention,
                                             random);
    }
    throw Error(ErrorCode::kBadValue, "unknown op '" + std::string(op) + "'");
  }

  std::map<Uuid, std::shared_ptr<const crypto::DataKey>> keys_;
};

}  // namespace
}  // namespace quern

int main() {
  quern::Tool tool;
  for (std::string line; std::getline(std::cin, line);) {
    quern::bson::Document answer;
    try {
      const quern::bson::Document request = quern::bson::from_json(line);
      answer = tool.answer(request.view());
    } catch (const std::exception& error) {
      answer = quern::bson::doc("error", error.what());
    }
    std::cout << quern::bson::to_json(answer.view()) << std::endl;
  }
  return 0;
}
