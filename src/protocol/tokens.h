// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The token tree: 32-byte secrets, each HMAC-SHA-256(parent, message), a type for each kind so that
// none can stand where another belongs. u64(n) is n in 8 little-endian bytes, v are the value's
// bytes.
//
//   data key [64,96)
//   |- u64(1) CollectionsLevel1
//   |  |- u64(1) Edc  -- v --> EdcDerivedFromData -- u64(u) --> ..AndContentionFactor
//   |  |- u64(2) Esc  -- v --> EscDerivedFromData -- u64(u) --> ..AndContentionFactor
//   |  |         `- 17 zero bytes --> AnchorPaddingRoot
//   |  `- u64(4) Ecoc
//   |- u64(2) ServerTokenDerivationLevel1 -- v --> ServerDerivedFromData
//   `- u64(3) ServerDataEncryptionLevel1
//
// What the server derives from there is in protocol/server_tokens.h.
#ifndef QUERN_PROTOCOL_TOKENS_H_
#define QUERN_PROTOCOL_TOKENS_H_

#include "base/secret_bytes.h"
#include "protocol/hmac.h"

namespace quern::protocol {

// Move-only, wiped, not printable (it lives in a SecretArray).
template <class Kind>
class Token {
 public:
  static constexpr std::size_t kSize = kSha256Size;

  Token() = default;                       // 32 zero bytes, to be assigned to
  static Token copy_of(BytesView bytes) {  // throws Error(BadValue) unless 32 bytes
    return Token(SecretArray<kSize>::copy_of(bytes));
  }
  // HMAC-SHA-256(parent, message); a number is hashed as u64.
  static Token derive(const HmacSha256Key& parent, BytesView message) {
    Token token;
    parent.mac(message, token.bytes_.mutable_bytes());
    return token;
  }
  static Token derive(const HmacSha256Key& parent, std::uint64_t message) {
    Token token;
    parent.mac(message, token.bytes_.mutable_bytes());
    return token;
  }
  template <class ParentKind>
  static Token derive(const Token<ParentKind>& parent, std::uint64_t message) {
    Token token;
    hmac_sha256(parent.bytes(), message, token.bytes_.mutable_bytes());
    return token;
  }

  std::span<const std::uint8_t, kSize> bytes() const { return bytes_.bytes(); }
  Token clone() const { return Token(bytes_.clone()); }

 private:
  explicit Token(SecretArray<kSize> bytes) : bytes_(std::move(bytes)) {}
  SecretArray<kSize> bytes_;
};

using CollectionsLevel1Token = Token<struct CollectionsLevel1Kind>;
using ServerTokenDerivationLevel1Token = Token<struct ServerTokenDerivationLevel1Kind>;
using ServerDataEncryptionLevel1Token = Token<struct ServerDataEncryptionLevel1Kind>;
using EdcToken = Token<struct EdcKind>;
using EscToken = Token<struct EscKind>;
using EcocToken = Token<struct EcocKind>;
using EdcDerivedFromDataToken = Token<struct EdcDerivedFromDataKind>;
using EscDerivedFromDataToken = Token<struct EscDerivedFromDataKind>;
using ServerDerivedFromDataToken = Token<struct ServerDerivedFromDataKind>;
using EdcDerivedFromDataTokenAndContentionFactor = Token<struct EdcDerivedAndContentionKind>;
using EscDerivedFromDataTokenAndContentionFactor = Token<struct EscDerivedAndContentionKind>;
using AnchorPaddingRootToken = Token<struct AnchorPaddingRootKind>;

}  // namespace quern::protocol

#endif  // QUERN_PROTOCOL_TOKENS_H_
