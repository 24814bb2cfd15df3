// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A key management service: it holds key encryption keys (KEK, also called master keys or CMK) and
// wraps data encryption keys (DEK) with them. Only wrapped data keys are ever stored.
//
// Adding a service is one file with a class that derives from KeyWrapper, and one line in the
// table of kms/provider_table.cc.
#ifndef QUERN_KMS_KEY_WRAPPER_H_
#define QUERN_KMS_KEY_WRAPPER_H_

#include <string>
#include <string_view>

#include "base/secret_bytes.h"
#include "quern/bson/document.h"

namespace quern::kms {

// Every data key is 96 bytes: 32 for the cipher, 32 for the MAC, 32 for tokens.
inline constexpr std::size_t kDataKeySize = 96;

// A wrapped data key, as the two members of its key vault document.
struct WrappedKey {
  Bytes key_material;
  bson::Document master_key;  // which KEK wrapped it: {provider: …, …}, as stored
};

// Thread-safe.
class KeyWrapper {
 public:
  virtual ~KeyWrapper() = default;

  // "local", "aws", …: the masterKey.provider of the keys that it wrapped.
  virtual const std::string& name() const = 0;

  // Wraps a data key of kDataKeySize bytes. options says which master key to use, as the masterKey
  // document without provider (empty where there is only one); unknown members are Error(BadValue).
  virtual WrappedKey wrap(const SecretBytes& data_key, bson::View options) = 0;

  // Undoes wrap(). master_key is the stored masterKey document. Throws Error(FailedToParse) when
  // the bytes cannot be a wrapped key and Error(AuthenticationFailed) when another master key
  // wrapped them or they were altered.
  virtual SecretBytes unwrap(BytesView key_material, bson::View master_key) = 0;
};

}  // namespace quern::kms

#endif  // QUERN_KMS_KEY_WRAPPER_H_
