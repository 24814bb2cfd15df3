// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Memory for keys and for everything derived from them. It lies in pages that are locked into RAM
// (best effort: a low RLIMIT_MEMLOCK is no error) and left out of core dumps, it is wiped before it
// is given back, it moves but does not copy by accident, and it cannot be printed.
//
// Secrets of up to 128 bytes come from a pool of such pages with a free list for each thread:
// making and destroying one costs neither malloc nor a system call after warm-up. Larger ones own
// their pages. A fork is safe at any time; in the child, the pages of larger secrets that the
// parent had are not locked any more. Objects may be handed from thread to thread; one object is
// not for concurrent writing.
#ifndef QUERN_BASE_SECRET_BYTES_H_
#define QUERN_BASE_SECRET_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <span>
#include <utility>

#include "quern/base/bytes.h"

namespace quern {

// Overwrites memory in a way that the compiler may not remove.
void wipe_memory(std::span<std::uint8_t> memory) noexcept;

// Compares in a time that depends on the lengths only.
bool constant_time_equal(BytesView a, BytesView b) noexcept;

namespace internal {
inline constexpr std::size_t kLargestPooledSecret = 128;
// Zeroed locked memory; throws Error(InternalError) when the system has none. size > 0.
std::uint8_t* allocate_secret(std::size_t size);
void free_secret(std::uint8_t* memory, std::size_t size) noexcept;  // wipes it
}  // namespace internal

// A secret whose size is known at run time.
class SecretBytes {
 public:
  SecretBytes() = default;                 // empty
  explicit SecretBytes(std::size_t size);  // zeros
  static SecretBytes copy_of(BytesView bytes);

  SecretBytes(SecretBytes&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    SecretBytes moved(std::move(other));
    std::swap(data_, moved.data_);
    std::swap(size_, moved.size_);
    return *this;  // what was here is wiped now
  }
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  SecretBytes clone() const { return copy_of(bytes()); }  // a copy that was meant
  BytesView bytes() const noexcept { return {data_, size_}; }
  std::span<std::uint8_t> mutable_bytes() noexcept { return {data_, size_}; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

// A secret of N bytes. A moved-from one has no bytes and may only be destroyed or assigned to.
template <std::size_t N>
class SecretArray {
  static_assert(N > 0 && N <= internal::kLargestPooledSecret);

 public:
  SecretArray() : data_(internal::allocate_secret(N)) {}  // zeros
  // Throws Error(BadValue) unless there are N bytes.
  static SecretArray copy_of(BytesView bytes);

  SecretArray(SecretArray&& other) noexcept : data_(std::exchange(other.data_, nullptr)) {}
  SecretArray& operator=(SecretArray&& other) noexcept {
    SecretArray moved(std::move(other));
    std::swap(data_, moved.data_);
    return *this;  // what was here is wiped now
  }
  SecretArray(const SecretArray&) = delete;
  SecretArray& operator=(const SecretArray&) = delete;
  ~SecretArray() {
    if (data_ != nullptr) internal::free_secret(data_, N);
  }

  SecretArray clone() const { return copy_of(bytes()); }
  std::span<const std::uint8_t, N> bytes() const noexcept {
    return std::span<const std::uint8_t, N>(data_, N);
  }
  std::span<std::uint8_t, N> mutable_bytes() noexcept {
    return std::span<std::uint8_t, N>(data_, N);
  }
  static constexpr std::size_t size() { return N; }

 private:
  std::uint8_t* data_;
};

namespace internal {
[[noreturn]] void wrong_secret_size(std::size_t wanted, std::size_t got);
}

template <std::size_t N>
SecretArray<N> SecretArray<N>::copy_of(BytesView bytes) {
  if (bytes.size() != N) internal::wrong_secret_size(N, bytes.size());
  SecretArray copy;
  std::memcpy(copy.data_, bytes.data(), N);
  return copy;
}

// Secrets have no text form.
std::ostream& operator<<(std::ostream&, const SecretBytes&) = delete;
template <std::size_t N>
std::ostream& operator<<(std::ostream&, const SecretArray<N>&) = delete;

}  // namespace quern

#endif  // QUERN_BASE_SECRET_BYTES_H_
