// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// From the blobs of binary subtype 6 back to values.
#ifndef QUERN_CRYPTO_DECRYPT_H_
#define QUERN_CRYPTO_DECRYPT_H_

#include <functional>
#include <memory>

#include "crypto/data_key.h"
#include "quern/bson/document.h"

namespace quern::crypto {

// Gives the key of an id; throws when it cannot be had. May be asked for several keys a value.
using KeySource = std::function<std::shared_ptr<const DataKey>(const Uuid&)>;

// Decrypts a ciphertext blob, first byte included: subtypes 1, 2, 11, 14 and 16. The other
// ciphertexts (range 15, text 17, version 1: 4, 6, 7, 9) throw NotSupported; placeholders, find payloads, unknown subtypes and damaged blobs
// throw Error(BadValue); a ciphertext that fails authentication throws Error(OperationFailed). The plaintext is checked to be a well-formed
// value of its type.
bson::Value decrypt_value(BytesView blob, const KeySource& keys);

}  // namespace quern::crypto

#endif  // QUERN_CRYPTO_DECRYPT_H_
