// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "crypto/decrypt.h"

#include <string>

#include "bson/blob_facts.h"
#include "protocol/indexed_value.h"
#include "protocol/insert_update_payload.h"
#include "protocol/sealed_value.h"
#include "quern/base/error.h"
#include "schema/query_type.h"

namespace quern::crypto {

using protocol::IndexedValue;
using protocol::InsertUpdateCiphertext;
using protocol::Iv;
using protocol::kIvSize;
using protocol::SealedValue;
namespace {

std::shared_ptr<const DataKey> key_of(const KeySource& keys, const Uuid& id) {
  std::shared_ptr<const DataKey> key = keys(id);
  if (key == nullptr) {
    throw Error(ErrorCode::kOperationFailed, "there is no data key " + id.to_string());
  }
  return key;
}

bson::Value rebuild(bson::Type type, Bytes plaintext) {
  try {
    bson::validate_value(type, plaintext);
  } catch (const Error&) {  // its message describes the plaintext
    throw Error(ErrorCode::kOperationFailed,
                "a decrypted value is no well-formed BSON value of type '" +
                    std::string(bson::alias(type)) + "'");
  }
  return bson::Value(type, std::move(plaintext));
}

bson::Value decrypt_sealed(BytesView blob, const KeySource& keys) {
  const SealedValue value = SealedValue::parse(blob);
  const auto key = key_of(keys, value.key_id());
  return rebuild(value.type(),
                 value.subtype() == bson::BlobSubtype::kUnindexedValueV2
                     ? key->aead().decrypt(value.associated_data(), value.ciphertext())
                     : key->csfle().decrypt(value.associated_data(), value.ciphertext()));
}

bson::Value decrypt_payload(BytesView blob, const KeySource& keys) {
  const InsertUpdateCiphertext payload = InsertUpdateCiphertext::parse(blob);
  const auto key = key_of(keys, payload.user_key_id);
  return rebuild(payload.type,
                 key->aead().decrypt(payload.user_key_id.bytes(), payload.ciphertext));
}

bson::Value decrypt_indexed(BytesView blob, const KeySource& keys) {
  const auto value = IndexedValue::parse(blob);
  const BytesView outer = value.server_encrypted_value();
  Bytes inner(outer.size() - kIvSize);  // user key id | ciphertext
  if (inner.size() <= Uuid::kSize) {
    throw Error(ErrorCode::kBadValue, "a stored value is too short for a key id and a ciphertext");
  }
  const auto index_key = key_of(keys, value.index_key_id());
  index_key->server_data_cipher().run(Iv(outer.data(), kIvSize), outer.subspan(kIvSize), inner);
  const Uuid user_key_id = Uuid::from_bytes(BytesView(inner).first(Uuid::kSize));
  const auto user_key = user_key_id == value.index_key_id() ? index_key : key_of(keys, user_key_id);
  return rebuild(value.type(), user_key->aead().decrypt(user_key_id.bytes(),
                                                        BytesView(inner).subspan(Uuid::kSize)));
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
  const schema::AlgorithmFacts* algorithm = schema::algorithm_of(facts->subtype);
  if (algorithm != nullptr && !algorithm->supported) {
    throw NotSupported("values of " + std::string(algorithm->name) +
                       "-encrypted fields are not supported by this version");
  }
  if (is_payload) return decrypt_payload(blob, keys);
  return facts->is_indexed() ? decrypt_indexed(blob, keys) : decrypt_sealed(blob, keys);
}

}  // namespace quern::crypto
