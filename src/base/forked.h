// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Whether this is the process that made an object, or a child that fork() made of it: the child has
// a copy of the memory, but not the threads, and shares the files. Asking costs one load.
#ifndef QUERN_BASE_FORKED_H_
#define QUERN_BASE_FORKED_H_

#include <atomic>
#include <cstdint>

namespace quern {

// Remembers the process that it was made in.
class MakerProcess {
 public:
  MakerProcess();
  // This process is not the maker, but came from it by fork().
  bool is_another() const { return forks_.load(std::memory_order_relaxed) != generation_; }

 private:
  static void count() { forks_.fetch_add(1, std::memory_order_relaxed); }

  static inline std::atomic<std::uint32_t> forks_ = 0;  // that lie between the first and this one
  std::uint32_t generation_;
};

}  // namespace quern

#endif  // QUERN_BASE_FORKED_H_
