// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What the kinds of encryption share on the way back: the opposite of sealing.h.
#ifndef QUERN_CRYPTO_OPENING_H_
#define QUERN_CRYPTO_OPENING_H_

#include <memory>

#include "crypto/decrypt.h"

namespace quern::crypto {

// Throws Error(OperationFailed) when there is no such key.
std::shared_ptr<const DataKey> key_of(const KeySource& keys, const Uuid& id);

// Throws Error(OperationFailed), which says nothing of the plaintext, when it is no value of the
// type.
bson::Value rebuild(bson::Type type, Bytes plaintext);

// The value in a sealed one: of an unindexed field, or of client-side field level encryption.
bson::Value open_sealed(BytesView blob, const KeySource& keys);
// The value in an indexed one, whatever it is indexed by: tags and blocks are the server's.
bson::Value open_indexed(BytesView blob, const KeySource& keys);

}  // namespace quern::crypto

#endif  // QUERN_CRYPTO_OPENING_H_
