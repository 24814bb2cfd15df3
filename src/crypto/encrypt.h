// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Client-side field level encryption, from values to the blobs of binary subtype 6 (first byte
// included), and what it shares with Queryable Encryption, whose kinds are the classes of
// query_algorithm.h. Pure functions: keys and randomness come in, bytes come out.
//
// Values that cannot be encrypted (null, undefined, minKey, maxKey, a binary of subtype 6, and
// deterministically the types that this does not support) throw Error(BadValue) naming the type.
#ifndef QUERN_CRYPTO_ENCRYPT_H_
#define QUERN_CRYPTO_ENCRYPT_H_

#include <cstdint>

#include "base/random.h"
#include "crypto/data_key.h"
#include "quern/bson/view.h"

namespace quern::crypto {

// CSFLE values (1 and 2). Deterministic draws nothing, random the IV.
Bytes csfle_deterministic_value(const DataKey& key, const Uuid& key_id, bson::ValueView value);
Bytes csfle_random_value(const DataKey& key, const Uuid& key_id, bson::ValueView value,
                         RandomSource& random);

// Uniform in [0, bound): draws 8 bytes, and again while they fall into the part that would bias the
// result. bound > 0.
std::uint64_t uniform(std::uint64_t bound, RandomSource& random);

}  // namespace quern::crypto

#endif  // QUERN_CRYPTO_ENCRYPT_H_
