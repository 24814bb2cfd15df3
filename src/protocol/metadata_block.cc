// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "protocol/metadata_block.h"

#include <algorithm>
#include <array>

#include "protocol/ciphertext.h"

namespace quern::protocol {
namespace {

constexpr std::size_t kPartSize = 32;
constexpr std::array<std::uint8_t, 16> kZeros{};

}  // namespace

Tag MetadataBlock::tag() const {
  Tag tag;
  std::copy_n(bytes_.begin() + kPartSize, kPartSize, tag.begin());
  return tag;
}

bool MetadataBlock::belongs_to(const ServerMetadataTokens& tokens) const {
  std::array<std::uint8_t, 16> plain;
  ctr_decrypt(tokens.zeros(), bytes_.last<kPartSize>(), plain);
  return constant_time_equal(plain, kZeros);
}

std::optional<MetadataBlock::Counters> MetadataBlock::counters(
    const ServerMetadataTokens& tokens) const {
  if (!belongs_to(tokens)) return std::nullopt;
  std::array<std::uint8_t, 16> plain;
  ctr_decrypt(tokens.count_and_contention(), bytes_.first<kPartSize>(), plain);
  return Counters{load_le<std::uint64_t>(plain.data()), load_le<std::uint64_t>(plain.data() + 8)};
}

void MetadataBlock::build(const Counters& counters, const Tag& tag,
                          const ServerMetadataTokens& tokens, RandomSource& random,
                          std::span<std::uint8_t, kSize> out) {
  std::array<std::uint8_t, kIvSize> iv;
  std::array<std::uint8_t, 16> plain;
  store_le(plain.data(), counters.count);
  store_le(plain.data() + 8, counters.contention_factor);
  random.fill(iv);
  ctr_encrypt(tokens.count_and_contention(), iv, plain, out.first<kPartSize>());
  std::copy(tag.begin(), tag.end(), out.begin() + kPartSize);
  random.fill(iv);
  ctr_encrypt(tokens.zeros(), iv, kZeros, out.last<kPartSize>());
}

}  // namespace quern::protocol
