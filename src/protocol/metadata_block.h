// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The 96 bytes that the server appends to a stored value for each tag:
//
//   [0,32)   IV(16) | CTR(ServerCountAndContentionFactor, u64(count) | u64(contention factor))
//   [32,64)  tag = HMAC(EdcTwiceDerived, u64(count)), the one that is in __safeContent__
//   [64,96)  IV(16) | CTR(ServerZeros, 16 zero bytes)
//
// Zeros that decrypt to zeros prove that a token belongs to this block.
#ifndef QUERN_PROTOCOL_METADATA_BLOCK_H_
#define QUERN_PROTOCOL_METADATA_BLOCK_H_

#include <cstdint>
#include <optional>
#include <span>

#include "base/random.h"
#include "protocol/server_tokens.h"

namespace quern::protocol {

// A block inside bytes that somebody else owns.
class MetadataBlock {
 public:
  static constexpr std::size_t kSize = 96;
  struct Counters {
    std::uint64_t count = 0;
    std::uint64_t contention_factor = 0;
    friend bool operator==(const Counters&, const Counters&) = default;
  };

  explicit MetadataBlock(std::span<const std::uint8_t, kSize> bytes) : bytes_(bytes) {}

  BytesView bytes() const { return bytes_; }
  Tag tag() const;
  bool belongs_to(const ServerMetadataTokens& tokens) const;
  // Nothing when the block belongs to another token.
  std::optional<Counters> counters(const ServerMetadataTokens& tokens) const;

  // Writes a block. Draws the counters' IV, then that of the zeros.
  static void build(const Counters& counters, const Tag& tag, const ServerMetadataTokens& tokens,
                    RandomSource& random, std::span<std::uint8_t, kSize> out);

 private:
  std::span<const std::uint8_t, kSize> bytes_;
};

}  // namespace quern::protocol

#endif  // QUERN_PROTOCOL_METADATA_BLOCK_H_
