// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Equality: one token set, derived from the value's bytes.
#include "crypto/opening.h"
#include "crypto/query_algorithm.h"
#include "crypto/sealing.h"
#include "protocol/find_equality_payload.h"
#include "protocol/payload_fields.h"

namespace quern::crypto {
namespace {

class Equality final : public QueryAlgorithm {
 public:
  Bytes insert(const EncryptRequest& request, RandomSource& random) const override {
    check(request.value);
    const std::uint64_t factor = draw_contention_factor(request.max_contention, random);
    protocol::TokenSet tokens = token_set(request.index_key, request.value.bytes(), factor, random);
    return insert_payload(request, factor, std::move(tokens), {}, random);
  }
  Bytes find(const EncryptRequest& request) const override {
    check(request.value);
    protocol::check_contention(request.max_contention);
    const protocol::FindEqualityPayloadV2 payload{
        .tokens = find_token_set(request.index_key, request.value.bytes()),
        .max_contention = request.max_contention,
    };
    return payload.serialize();
  }
  bson::Value decrypt(BytesView stored, const KeySource& keys) const override {
    return open_indexed(stored, keys);
  }

 private:
  static void check(bson::ValueView value) {
    check_encryptable(value, bson::BlobSubtype::kIndexedEqualityValueV2, " for equality queries");
  }
};

}  // namespace

const QueryAlgorithm& equality() {
  static const Equality implementation;
  return implementation;
}

}  // namespace quern::crypto
