// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "crypto/decrypt.h"

#include <string>

#include "bson/blob_facts.h"
#include "crypto/opening.h"
#include "crypto/query_algorithm.h"
#include "protocol/insert_update_payload.h"
#include "quern/base/error.h"

namespace quern::crypto {
namespace {

// What a client sent is the same for all query types, as far as its value goes.
bson::Value decrypt_payload(BytesView blob, const KeySource& keys) {
  const auto payload = protocol::InsertUpdateCiphertext::parse(blob);
  const auto key = key_of(keys, payload.user_key_id);
  return rebuild(payload.type,
                 key->aead().decrypt(payload.user_key_id.bytes(), payload.ciphertext));
}

}  // namespace

bson::Value decrypt_value(BytesView blob, const KeySource& keys) {
  if (blob.empty()) throw Error(ErrorCode::kBadValue, "an empty binary is no encrypted value");
  const bson::BlobFacts* facts = bson::known_blob_facts(blob[0]);
  const bool is_value = facts != nullptr && facts->role == bson::BlobRole::kValue;
  const bool is_payload = facts != nullptr && facts->role == bson::BlobRole::kInsertPayload;
  if (!is_value && !is_payload) {
    throw Error(ErrorCode::kBadValue, "a binary whose first byte is " + std::to_string(blob[0]) +
                                          " is no encrypted value");
  }
  if (facts->version == 1) {
    throw NotSupported(
        "the value was encrypted with version 1 of Queryable Encryption, which MongoDB withdrew; "
        "decrypt it with the software that wrote it");
  }
  if (is_payload) return decrypt_payload(blob, keys);
  const schema::AlgorithmFacts* algorithm = schema::algorithm_of(facts->subtype);
  if (algorithm == nullptr) return open_sealed(blob, keys);  // client-side field level encryption
  return query_algorithm(algorithm->algorithm).decrypt(blob, keys);
}

}  // namespace quern::crypto
