// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What a client sends for single values, in one call: for tests and benchmarks.
#ifndef QUERN_CRYPTO_TESTING_PAYLOADS_H_
#define QUERN_CRYPTO_TESTING_PAYLOADS_H_

#include "crypto/query_algorithm.h"

namespace quern::crypto {

// InsertUpdatePayloadV2 (11). Draws: 8 bytes for the contention factor if max_contention > 0, the
// IV of p, the IV of v.
inline Bytes insert_equality_payload(const DataKey& index_key, const Uuid& index_key_id,
                                     const DataKey& user_key, const Uuid& user_key_id,
                                     bson::ValueView value, std::int64_t max_contention,
                                     RandomSource& random) {
  return equality().insert({value, index_key, index_key_id, user_key, user_key_id, max_contention},
                           random);
}

// FindEqualityPayloadV2 (12). Draws nothing.
inline Bytes find_equality_payload(const DataKey& index_key, bson::ValueView value,
                                   std::int64_t max_contention) {
  const Uuid none;
  return equality().find({value, index_key, none, index_key, none, max_contention});
}

// UnindexedEncryptedValueV2 (16). Draws the IV.
inline Bytes unindexed_value(const DataKey& user_key, const Uuid& user_key_id,
                             bson::ValueView value, RandomSource& random) {
  return unindexed().insert({value, user_key, user_key_id, user_key, user_key_id}, random);
}

}  // namespace quern::crypto

#endif  // QUERN_CRYPTO_TESTING_PAYLOADS_H_
