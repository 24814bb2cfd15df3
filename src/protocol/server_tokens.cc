// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "protocol/server_tokens.h"

#include <algorithm>
#include <string>

#include "protocol/ciphertext.h"
#include "quern/base/error.h"

namespace quern::protocol {
namespace {

HmacSha256Key derived_key(BytesView parent, std::uint64_t message) {
  SecretArray<kSha256Size> token;
  hmac_sha256(parent, message, token.mutable_bytes());
  return HmacSha256Key(token.bytes());
}

std::array<std::uint8_t, 16> two_numbers(std::uint64_t first, std::uint64_t second) {
  std::array<std::uint8_t, 16> bytes;
  store_le(bytes.data(), first);
  store_le(bytes.data() + 8, second);
  return bytes;
}

}  // namespace

EdcDerivedFromDataTokenAndContentionFactor with_contention(const EdcDerivedFromDataToken& token,
                                                           std::uint64_t factor) {
  return EdcDerivedFromDataTokenAndContentionFactor::derive(token, factor);
}

EscDerivedFromDataTokenAndContentionFactor with_contention(const EscDerivedFromDataToken& token,
                                                           std::uint64_t factor) {
  return EscDerivedFromDataTokenAndContentionFactor::derive(token, factor);
}

EdcTwiceDerivedToken::EdcTwiceDerivedToken(const EdcDerivedFromDataTokenAndContentionFactor& parent)
    : key_(derived_key(parent.bytes(), 1)) {}

Tag EdcTwiceDerivedToken::tag(std::uint64_t count) const {
  Tag tag;
  key_.mac(count, tag);
  return tag;
}

EscTwiceDerivedTagToken::EscTwiceDerivedTagToken(
    const EscDerivedFromDataTokenAndContentionFactor& parent)
    : key_(derived_key(parent.bytes(), 1)) {}

EscTwiceDerivedTagToken::EscTwiceDerivedTagToken(const AnchorPaddingRootToken& parent)
    : key_(derived_key(parent.bytes(), 1)) {}

EscId EscTwiceDerivedTagToken::non_anchor_id(std::uint64_t cpos) const {
  EscId id;
  key_.mac(cpos, id);
  return id;
}

EscId EscTwiceDerivedTagToken::anchor_id(std::uint64_t apos) const {
  EscId id;
  key_.mac(two_numbers(0, apos), id);
  return id;
}

EscTwiceDerivedValueToken::EscTwiceDerivedValueToken(
    const EscDerivedFromDataTokenAndContentionFactor& parent)
    : token_(decltype(token_)::derive(parent, 2)) {}

EscTwiceDerivedValueToken::EscTwiceDerivedValueToken(const AnchorPaddingRootToken& parent)
    : token_(decltype(token_)::derive(parent, 2)) {}

EscValue EscTwiceDerivedValueToken::encrypt(const Positions& positions,
                                            RandomSource& random) const {
  std::array<std::uint8_t, kIvSize> iv;
  random.fill(iv);
  EscValue value;
  ctr_encrypt(token_.bytes(), iv, two_numbers(positions.apos, positions.cpos), value);
  return value;
}

EscTwiceDerivedValueToken::Positions EscTwiceDerivedValueToken::decrypt(BytesView value) const {
  if (value.size() != std::tuple_size_v<EscValue>) {
    throw Error(ErrorCode::kBadValue, "the value of an ESC anchor needs 32 bytes, this one has " +
                                          std::to_string(value.size()));
  }
  std::array<std::uint8_t, 16> plain;
  ctr_decrypt(token_.bytes(), value, plain);
  return {load_le<std::uint64_t>(plain.data()), load_le<std::uint64_t>(plain.data() + 8)};
}

ServerMetadataTokens::ServerMetadataTokens(const ServerDerivedFromDataToken& parent)
    : count_and_contention_(decltype(count_and_contention_)::derive(parent, 1)),
      zeros_(decltype(zeros_)::derive(parent, 2)) {}

EcocEntry decrypt_ecoc_value(const EcocToken& token, BytesView value, std::size_t extra_size) {
  EcocEntry entry;
  if (extra_size > entry.extra.size() || value.size() != kIvSize + kSha256Size + extra_size) {
    throw Error(ErrorCode::kBadValue, "the value of an ECOC entry has " +
                                          std::to_string(value.size()) + " bytes, expected " +
                                          std::to_string(kIvSize + kSha256Size + extra_size));
  }
  SecretArray<kSha256Size + 3> plain;
  ctr_decrypt(token.bytes(), value, plain.mutable_bytes().first(kSha256Size + extra_size));
  const BytesView bytes = plain.bytes();
  entry.token = EscDerivedFromDataTokenAndContentionFactor::copy_of(bytes.first(kSha256Size));
  std::copy_n(bytes.begin() + kSha256Size, extra_size, entry.extra.begin());
  return entry;
}

}  // namespace quern::protocol
