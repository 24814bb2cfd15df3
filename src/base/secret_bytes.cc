// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "base/secret_bytes.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <mutex>
#include <string>
#include <type_traits>

#include "quern/base/error.h"

namespace quern {
namespace {

constexpr std::size_t kSlotUnit = 32;
constexpr std::size_t kClasses = internal::kLargestPooledSecret / kSlotUnit;  // 32, 64, 96, 128
constexpr std::size_t kSlabSize = 16 * 1024;
constexpr std::size_t kBatch = 32;       // slots that a thread takes from or returns to the pool
constexpr std::size_t kKeepAtMost = 96;  // free slots of a class that a thread keeps

std::uint8_t* map_secret_pages(std::size_t size) {
  void* pages = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) {
    throw Error(ErrorCode::kInternalError,
                "no memory for " + std::to_string(size) + " bytes of secrets");
  }
  (void)mlock(pages, size);  // may be forbidden by RLIMIT_MEMLOCK: then they could be swapped out
  (void)madvise(pages, size, MADV_DONTDUMP);
  return static_cast<std::uint8_t*>(pages);
}

std::size_t in_pages(std::size_t size) {
  static const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return (size + page - 1) / page * page;
}

// Free slots, chained through their first bytes. A slot in a list is all zeros but for the chain.
class FreeList {
 public:
  void push(std::uint8_t* slot) {
    store_le(slot, head_);
    head_ = slot;
    ++count_;
  }
  std::uint8_t* pop() {  // zeroed; nullptr when empty
    std::uint8_t* slot = head_;
    if (slot == nullptr) return nullptr;
    head_ = load_le<std::uint8_t*>(slot);
    store_le<std::uint8_t*>(slot, nullptr);
    --count_;
    return slot;
  }
  void move_to(FreeList& other, std::size_t count) {
    for (; count > 0 && head_ != nullptr; --count) other.push(pop());
  }
  std::size_t count() const { return count_; }

 private:
  std::uint8_t* head_ = nullptr;
  std::size_t count_ = 0;
};

// The process's slots of one size. Slabs are never given back: what a burst needed once is kept.
class Pool {
 public:
  void take(FreeList& into, std::size_t count, std::size_t slot_size) {
    const std::lock_guard lock(mutex_);
    if (free_.count() == 0) add_slab(slot_size);
    free_.move_to(into, count);
  }
  void give(FreeList& from, std::size_t count) {
    const std::lock_guard lock(mutex_);
    from.move_to(free_, count);
  }

  // Around a fork. Locks of memory are not inherited, its exclusion from core dumps is.
  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }
  void lock_pages_again() const {
    for (std::uint8_t* slab = slabs_; slab != nullptr; slab = load_le<std::uint8_t*>(slab)) {
      (void)mlock(slab, kSlabSize);
    }
  }

 private:
  void add_slab(std::size_t slot_size) {
    std::uint8_t* slab = map_secret_pages(kSlabSize);
    store_le(slab, slabs_);  // in the first slot, which is not for use
    slabs_ = slab;
    for (std::size_t at = slot_size; at + slot_size <= kSlabSize; at += slot_size) {
      free_.push(slab + at);
    }
  }

  std::mutex mutex_;
  FreeList free_;
  std::uint8_t* slabs_ = nullptr;  // chained through their first bytes
};

// Not destroyed at exit: static objects that hold secrets may outlive any order of destruction.
static_assert(std::is_trivially_destructible_v<Pool>);
constinit std::array<Pool, kClasses> pools;

void lock_pools() {
  for (Pool& pool : pools) pool.lock();
}
void unlock_pools() {
  for (Pool& pool : pools) pool.unlock();
}
void unlock_pools_of_child() {
  for (const Pool& pool : pools) pool.lock_pages_again();
  unlock_pools();
}

// A child of fork has one thread: a pool that another thread was just using would stay locked.
[[maybe_unused]] const int fork_handlers =
    pthread_atfork(lock_pools, unlock_pools, unlock_pools_of_child);

struct ThreadCache {
  std::array<FreeList, kClasses> lists;
  static thread_local bool gone;

  ~ThreadCache() {
    gone = true;  // secrets of other thread_local objects may still come back: straight to the pool
    for (std::size_t i = 0; i < kClasses; ++i) pools[i].give(lists[i], lists[i].count());
  }
};
thread_local bool ThreadCache::gone = false;
thread_local ThreadCache cache;

constexpr std::size_t class_of(std::size_t size) { return (size - 1) / kSlotUnit; }

}  // namespace

void wipe_memory(std::span<std::uint8_t> memory) noexcept {
  if (!memory.empty()) OPENSSL_cleanse(memory.data(), memory.size());
}

bool constant_time_equal(BytesView a, BytesView b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

namespace internal {

std::uint8_t* allocate_secret(std::size_t size) {
  if (size > kLargestPooledSecret) return map_secret_pages(in_pages(size));
  const std::size_t index = class_of(size);
  const std::size_t slot_size = (index + 1) * kSlotUnit;
  if (ThreadCache::gone) {
    FreeList one;
    pools[index].take(one, 1, slot_size);
    return one.pop();
  }
  FreeList& list = cache.lists[index];
  if (list.count() == 0) pools[index].take(list, kBatch, slot_size);
  return list.pop();
}

void free_secret(std::uint8_t* memory, std::size_t size) noexcept {
  wipe_memory({memory, size});
  if (size > kLargestPooledSecret) {
    (void)munmap(memory, in_pages(size));
    return;
  }
  const std::size_t index = class_of(size);
  if (ThreadCache::gone) {
    FreeList one;
    one.push(memory);
    pools[index].give(one, 1);
    return;
  }
  FreeList& list = cache.lists[index];
  list.push(memory);
  if (list.count() > kKeepAtMost) pools[index].give(list, kBatch);
}

void wrong_secret_size(std::size_t wanted, std::size_t got) {
  throw Error(ErrorCode::kBadValue, "a secret of " + std::to_string(wanted) +
                                        " bytes cannot be made of " + std::to_string(got));
}

}  // namespace internal

SecretBytes::SecretBytes(std::size_t size)
    : data_(size == 0 ? nullptr : internal::allocate_secret(size)), size_(size) {}

SecretBytes SecretBytes::copy_of(BytesView bytes) {
  SecretBytes copy(bytes.size());
  if (!bytes.empty()) std::memcpy(copy.data_, bytes.data(), bytes.size());
  return copy;
}

SecretBytes::~SecretBytes() {
  if (data_ != nullptr) internal::free_secret(data_, size_);
}

}  // namespace quern
