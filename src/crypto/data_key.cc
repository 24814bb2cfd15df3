// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "crypto/data_key.h"

#include <string>

#include "quern/base/error.h"

namespace quern::crypto {

// The level-1 tokens, needed only while a key is prepared.
struct DataKey::Roots {
  explicit Roots(const SecretBytes& key) {
    if (key.size() != kKeySize) {
      throw Error(ErrorCode::kBadValue,
                  "a data key needs 96 bytes, this one has " + std::to_string(key.size()));
    }
    const protocol::HmacSha256Key root(key.bytes().subspan(64, 32));
    const protocol::HmacSha256Key collections(
        protocol::CollectionsLevel1Token::derive(root, 1).bytes());
    edc = protocol::EdcToken::derive(collections, 1);
    esc = protocol::EscToken::derive(collections, 2);
    ecoc = protocol::EcocToken::derive(collections, 4);
    server_derivation = protocol::ServerTokenDerivationLevel1Token::derive(root, 2);
    server_data = protocol::ServerDataEncryptionLevel1Token::derive(root, 3);
  }
  protocol::EdcToken edc;
  protocol::EscToken esc;
  protocol::EcocToken ecoc;
  protocol::ServerTokenDerivationLevel1Token server_derivation;
  protocol::ServerDataEncryptionLevel1Token server_data;
};

DataKey::DataKey(const SecretBytes& key) : DataKey(key, Roots(key)) {}

DataKey::DataKey(const SecretBytes& key, Roots&& roots)
    : csfle_(key.bytes()),
      aead_(key.bytes()),
      edc_(roots.edc.bytes()),
      esc_(roots.esc.bytes()),
      server_derivation_(roots.server_derivation.bytes()),
      ecoc_token_(std::move(roots.ecoc)),
      server_data_encryption_token_(std::move(roots.server_data)),
      ecoc_cipher_(protocol::CipherMode::kCtr, ecoc_token_.bytes()),
      server_data_cipher_(protocol::CipherMode::kCtr, server_data_encryption_token_.bytes()) {}

protocol::AnchorPaddingRootToken DataKey::anchor_padding_root() const {
  static constexpr std::uint8_t kMessage[17] = {};
  return protocol::AnchorPaddingRootToken::derive(esc_, BytesView(kMessage));
}

}  // namespace quern::crypto
