// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What the server derives from the tokens of a payload: tags, ids and values of ESC documents, and
// the keys of the metadata block. No data key is needed, and none of it reveals a plaintext.
#ifndef QUERN_PROTOCOL_SERVER_TOKENS_H_
#define QUERN_PROTOCOL_SERVER_TOKENS_H_

#include <array>
#include <cstdint>

#include "base/random.h"
#include "protocol/tokens.h"

namespace quern::protocol {

using Tag = std::array<std::uint8_t, 32>;       // an element of __safeContent__
using EscId = std::array<std::uint8_t, 32>;     // _id of an ESC document
using EscValue = std::array<std::uint8_t, 32>;  // value of an anchor

// Find payloads carry tokens without a contention factor; the server expands them for each factor.
EdcDerivedFromDataTokenAndContentionFactor with_contention(const EdcDerivedFromDataToken& token,
                                                           std::uint64_t factor);
EscDerivedFromDataTokenAndContentionFactor with_contention(const EscDerivedFromDataToken& token,
                                                           std::uint64_t factor);

// EDCTwiceDerivedToken = HMAC(EDC..AndContentionFactor, u64(1)), as a prepared key.
class EdcTwiceDerivedToken {
 public:
  explicit EdcTwiceDerivedToken(const EdcDerivedFromDataTokenAndContentionFactor& parent);
  Tag tag(std::uint64_t count) const;  // HMAC(token, u64(count)); count >= 1

 private:
  HmacSha256Key key_;
};

// ESCTwiceDerivedTagToken = HMAC(ESC..AndContentionFactor, u64(1)): ids of ESC documents.
// Compaction uses AnchorPaddingKeyToken = HMAC(AnchorPaddingRoot, u64(1)) in its place for dummy
// anchors.
class EscTwiceDerivedTagToken {
 public:
  explicit EscTwiceDerivedTagToken(const EscDerivedFromDataTokenAndContentionFactor& parent);
  explicit EscTwiceDerivedTagToken(const AnchorPaddingRootToken& parent);

  EscId non_anchor_id(std::uint64_t cpos) const;  // HMAC(token, u64(cpos)); cpos >= 1
  EscId anchor_id(std::uint64_t apos) const;      // HMAC(token, u64(0) | u64(apos)); apos >= 1
  EscId null_anchor_id() const { return anchor_id(0); }

 private:
  HmacSha256Key key_;
};

// ESCTwiceDerivedValueToken = HMAC(ESC..AndContentionFactor, u64(2)): encrypts the two positions in
// an anchor, IV(16) | CTR(u64(apos) | u64(cpos)). apos is 0 in an ordinary anchor.
class EscTwiceDerivedValueToken {
 public:
  struct Positions {
    std::uint64_t apos = 0;
    std::uint64_t cpos = 0;
    friend bool operator==(const Positions&, const Positions&) = default;
  };
  explicit EscTwiceDerivedValueToken(const EscDerivedFromDataTokenAndContentionFactor& parent);
  explicit EscTwiceDerivedValueToken(const AnchorPaddingRootToken& parent);

  EscValue encrypt(const Positions& positions, RandomSource& random) const;
  Positions decrypt(BytesView value) const;  // throws Error(BadValue) unless 32 bytes

 private:
  Token<EscTwiceDerivedValueToken> token_;
};

// The keys of the metadata block (protocol/metadata_block.h), from the payload's l.
class ServerMetadataTokens {
 public:
  explicit ServerMetadataTokens(const ServerDerivedFromDataToken& parent);
  BytesView count_and_contention() const { return count_and_contention_.bytes(); }
  BytesView zeros() const { return zeros_.bytes(); }

 private:
  Token<struct ServerCountAndContentionFactorKind> count_and_contention_;  // u64(1)
  Token<struct ServerZerosKind> zeros_;                                    // u64(2)
};

// What an ECOC document's value holds, IV(16) | CTR(EcocToken, token | extra): the token, and what
// the query type says about it in up to three bytes (of range fields: whether it is a leaf; of text
// fields: how many tags the value has).
struct EcocEntry {
  EscDerivedFromDataTokenAndContentionFactor token;
  std::array<std::uint8_t, 3> extra{};
};
// extra_size: how many of those bytes the field's query type has. Throws Error(BadValue) for a value
// of another length.
EcocEntry decrypt_ecoc_value(const EcocToken& token, BytesView value, std::size_t extra_size);

}  // namespace quern::protocol

#endif  // QUERN_PROTOCOL_SERVER_TOKENS_H_
