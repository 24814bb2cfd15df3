// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Memory for values computed while one document is evaluated: bump allocation, freed all at once
// and reused for the next document. Not thread-safe.
#ifndef QUERN_QUERY_VALUE_ARENA_H_
#define QUERN_QUERY_VALUE_ARENA_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "quern/base/bytes.h"

namespace quern::query {

class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  Arena(Arena&&) = default;
  Arena& operator=(Arena&&) = default;

  // size bytes, uninitialised, aligned for any scalar; valid until reset() or destruction.
  std::uint8_t* allocate(std::size_t size) {
    size = (size + 7) & ~std::size_t{7};
    if (size > left_) grow(size);
    std::uint8_t* result = at_;
    at_ += size;
    left_ -= size;
    used_ += size;
    return result;
  }
  BytesView copy(BytesView bytes) {
    std::uint8_t* to = allocate(bytes.size());
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    return {to, bytes.size()};
  }

  // Forgets everything allocated; keeps the memory for reuse.
  void reset() { rewind({}); }
  // A place to return to: rewind() forgets what was allocated after mark().
  struct Mark {
    std::size_t next_block = 0;
    std::uint8_t* at = nullptr;
    std::size_t left = 0;
    std::size_t used = 0;
  };
  Mark mark() const { return {next_block_, at_, left_, used_}; }
  void rewind(const Mark& mark) {
    next_block_ = mark.next_block;
    at_ = mark.at;
    left_ = mark.left;
    used_ = mark.used;
  }
  // Bytes handed out since the last reset.
  std::size_t used() const { return used_; }

 private:
  struct Block {
    std::unique_ptr<std::uint8_t[]> memory;
    std::size_t size;
  };
  void grow(std::size_t wanted);

  std::vector<Block> blocks_;
  std::size_t next_block_ = 0;  // the first block not used since the last reset
  std::uint8_t* at_ = nullptr;
  std::size_t left_ = 0;
  std::size_t used_ = 0;
};

}  // namespace quern::query

#endif  // QUERN_QUERY_VALUE_ARENA_H_
