// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/value/arena.h"

#include <algorithm>
#include <string>

#include "quern/base/error.h"

namespace quern::query {
namespace {
constexpr std::size_t kMemoryLimit = 256 * 1024 * 1024;
}

void Arena::grow(std::size_t wanted) {
  if (used_ + wanted > kMemoryLimit) {
    throw Error(ErrorCode::kExceededMemoryLimit, "the values computed for one document exceed " +
                                                     std::to_string(kMemoryLimit) + " bytes");
  }
  constexpr std::size_t kFirstBlock = 4096;
  constexpr std::size_t kLargestBlock = 1 << 20;
  // Blocks that are too small for this request are passed over until the next reset. A request that
  // is larger than the largest block may come again a little larger.
  while (next_block_ < blocks_.size() && blocks_[next_block_].size < wanted) ++next_block_;
  if (next_block_ == blocks_.size()) {
    const std::size_t doubled = blocks_.empty() ? kFirstBlock : blocks_.back().size * 2;
    const std::size_t enough = wanted > kLargestBlock ? wanted + wanted / 2 : wanted;
    const std::size_t size = std::max(enough, std::min(doubled, kLargestBlock));
    blocks_.push_back({std::make_unique_for_overwrite<std::uint8_t[]>(size), size});
  }
  at_ = blocks_[next_block_].memory.get();
  left_ = blocks_[next_block_].size;
  ++next_block_;
}

}  // namespace quern::query
