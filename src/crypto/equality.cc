// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Equality: one token set, derived from the value's bytes.
#include "crypto/encrypt.h"
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
    return find_equality_payload(request.index_key, request.value, request.max_contention);
  }

  static void check(bson::ValueView value) {
    check_encryptable(value, bson::BlobSubtype::kIndexedEqualityValueV2, " for equality queries");
  }
};

}  // namespace

const QueryAlgorithm& equality() {
  static const Equality implementation;
  return implementation;
}

Bytes insert_equality_payload(const DataKey& index_key, const Uuid& index_key_id,
                              const DataKey& user_key, const Uuid& user_key_id,
                              bson::ValueView value, std::int64_t max_contention,
                              RandomSource& random) {
  return equality().insert({value, index_key, index_key_id, user_key, user_key_id, max_contention},
                           random);
}

Bytes find_equality_payload(const DataKey& index_key, bson::ValueView value,
                            std::int64_t max_contention) {
  Equality::check(value);
  protocol::check_contention(max_contention);
  const protocol::FindEqualityPayloadV2 payload{
      .tokens = find_token_set(index_key, value.bytes()),
      .max_contention = max_contention,
  };
  return payload.serialize();
}

}  // namespace quern::crypto
