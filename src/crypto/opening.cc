// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "crypto/opening.h"

#include <string>

#include "protocol/indexed_value.h"
#include "protocol/sealed_value.h"
#include "quern/base/error.h"

namespace quern::crypto {

using protocol::Iv;
using protocol::kIvSize;

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

bson::Value open_sealed(BytesView blob, const KeySource& keys) {
  const auto value = protocol::SealedValue::parse(blob);
  const auto key = key_of(keys, value.key_id());
  return rebuild(value.type(),
                 value.subtype() == bson::BlobSubtype::kUnindexedValueV2
                     ? key->aead().decrypt(value.associated_data(), value.ciphertext())
                     : key->csfle().decrypt(value.associated_data(), value.ciphertext()));
}

bson::Value open_indexed(BytesView blob, const KeySource& keys) {
  const auto value = protocol::IndexedValue::parse(blob);
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

}  // namespace quern::crypto
