// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A data key, ready for use: its 96 bytes are turned at once into what the protocol needs of them
// (prepared AEAD keys, the level-1 tokens with their HMAC states), and forgotten.
//
//   [0,32) cipher key of values   [32,64) MAC key of values   [64,96) token key
//
// (CSFLE values use the same 96 bytes in another order: crypto/aead.h.)
#ifndef QUERN_CRYPTO_DATA_KEY_H_
#define QUERN_CRYPTO_DATA_KEY_H_

#include "base/secret_bytes.h"
#include "crypto/aead.h"
#include "protocol/tokens.h"

namespace quern::crypto {

// Immutable and safe to use from many threads; shared as std::shared_ptr<const DataKey>.
class DataKey {
 public:
  explicit DataKey(const SecretBytes& key);  // throws Error(BadValue) unless 96 bytes

  const Fle1Aead& csfle() const { return csfle_; }
  const Fle2Aead& aead() const { return aead_; }

  // Parents of the data-dependent tokens, as prepared HMAC keys.
  const protocol::HmacSha256Key& edc() const { return edc_; }
  const protocol::HmacSha256Key& esc() const { return esc_; }
  const protocol::HmacSha256Key& server_derivation() const { return server_derivation_; }

  const protocol::EcocToken& ecoc_token() const { return ecoc_token_; }
  const protocol::KeyedCipher& ecoc_cipher() const { return ecoc_cipher_; }
  const protocol::ServerDataEncryptionLevel1Token& server_data_encryption_token() const {
    return server_data_encryption_token_;
  }
  const protocol::KeyedCipher& server_data_cipher() const { return server_data_cipher_; }
  protocol::AnchorPaddingRootToken anchor_padding_root() const;

 private:
  struct Roots;
  DataKey(const SecretBytes& key, Roots&& roots);

  Fle1Aead csfle_;
  Fle2Aead aead_;
  protocol::HmacSha256Key edc_;
  protocol::HmacSha256Key esc_;
  protocol::HmacSha256Key server_derivation_;
  protocol::EcocToken ecoc_token_;
  protocol::ServerDataEncryptionLevel1Token server_data_encryption_token_;
  protocol::KeyedCipher ecoc_cipher_;
  protocol::KeyedCipher server_data_cipher_;
};

}  // namespace quern::crypto

#endif  // QUERN_CRYPTO_DATA_KEY_H_
