// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// From values to the blobs of binary subtype 6 (first byte included) that a client sends. Pure
// functions: keys and randomness come in, bytes come out. Random bytes are drawn in the order that
// each function states, so that pinned randomness gives the bytes that every implementation gives.
//
// Values that cannot be encrypted (null, undefined, minKey, maxKey, a binary of subtype 6, and for
// deterministic and equality encryption the types that they do not support) throw Error(BadValue)
// naming the type.
#ifndef QUERN_CRYPTO_ENCRYPT_H_
#define QUERN_CRYPTO_ENCRYPT_H_

#include <cstdint>

#include "base/random.h"
#include "crypto/data_key.h"
#include "quern/bson/view.h"

namespace quern::crypto {

// InsertUpdatePayloadV2 (11). Draws: 8 bytes for the contention factor if max_contention > 0, the
// IV of p, the IV of v. max_contention outside 0 .. 2^63-2 throws Error(BadValue).
Bytes insert_equality_payload(const DataKey& index_key, const Uuid& index_key_id,
                              const DataKey& user_key, const Uuid& user_key_id,
                              bson::ValueView value, std::int64_t max_contention,
                              RandomSource& random);

// FindEqualityPayloadV2 (12). Draws nothing.
Bytes find_equality_payload(const DataKey& index_key, bson::ValueView value,
                            std::int64_t max_contention);

// UnindexedEncryptedValueV2 (16). Draws the IV.
Bytes unindexed_value(const DataKey& user_key, const Uuid& user_key_id, bson::ValueView value,
                      RandomSource& random);

// CSFLE values (1 and 2). Deterministic draws nothing, random the IV.
Bytes csfle_deterministic_value(const DataKey& key, const Uuid& key_id, bson::ValueView value);
Bytes csfle_random_value(const DataKey& key, const Uuid& key_id, bson::ValueView value,
                         RandomSource& random);

// Uniform in [0, bound): draws 8 bytes, and again while they fall into the part that would bias the
// result. bound > 0.
std::uint64_t uniform(std::uint64_t bound, RandomSource& random);

}  // namespace quern::crypto

#endif  // QUERN_CRYPTO_ENCRYPT_H_
