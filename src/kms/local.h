// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The provider "local": the KEK is 96 bytes that the application holds. A data key is wrapped with
// AEAD_AES_256_CBC_HMAC_SHA_512 under it, without associated data:
//
//   | IV 16, random | AES-256-CBC(KEK[32,64), PKCS#7(data key)) 112 | HMAC-SHA-512(KEK[0,32)) 32 |
//
// 160 bytes in all. KEK[64,96) is not used.
#ifndef QUERN_KMS_LOCAL_H_
#define QUERN_KMS_LOCAL_H_

#include <memory>
#include <string>

#include "base/random.h"
#include "crypto/aead.h"
#include "kms/key_wrapper.h"
#include "kms/registry.h"

namespace quern::kms {

class LocalKms : public KeyWrapper {
 public:
  static constexpr std::size_t kKeySize = 96;
  static constexpr std::size_t kWrappedSize = 16 + 112 + 32;

  // key: 96 bytes, or their base64 text. Throws ImproperlyConfigured for anything else. name is
  // "local" or "local:<name>" for one of several local keys.
  explicit LocalKms(SecretBytes key, std::string name = "local",
                    RandomSource& random = RandomSource::system());

  const std::string& name() const override { return name_; }
  WrappedKey wrap(const SecretBytes& data_key, bson::View options) override;
  SecretBytes unwrap(BytesView key_material, bson::View master_key) override;

 private:
  std::string name_;
  crypto::Fle1Aead aead_;
  RandomSource& random_;
};

// For kms/provider_table.cc. credentials: {key}.
std::unique_ptr<KeyWrapper> make_local(std::string name, Credentials credentials);

}  // namespace quern::kms

#endif  // QUERN_KMS_LOCAL_H_
