// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <pthread.h>

#include <array>
#include <atomic>
#include <cstring>

#include "quern/base/error.h"

namespace quern {
namespace {

// Counts forks: a buffer filled under an older generation is stale in the child.
std::atomic<std::uint64_t> fork_generation{0};
[[maybe_unused]] const int fork_handler =
    pthread_atfork(nullptr, nullptr, [] { fork_generation.fetch_add(1); });

void draw(std::span<std::uint8_t> out) {
  if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) {
    throw Error(ErrorCode::kInternalError, "the random generator of OpenSSL failed");
  }
}

class ThreadBuffer {
 public:
  ThreadBuffer() = default;
  ~ThreadBuffer() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

  void fill(std::span<std::uint8_t> out) {
    if (out.size() > bytes_.size() / 4) {
      draw(out);
      return;
    }
    const std::uint64_t now = fork_generation.load(std::memory_order_relaxed);
    if (out.size() > left_ || generation_ != now) {
      draw(bytes_);
      left_ = bytes_.size();
      generation_ = now;
    }
    std::uint8_t* from = bytes_.data() + bytes_.size() - left_;
    std::memcpy(out.data(), from, out.size());
    OPENSSL_cleanse(from, out.size());  // bytes that were handed out are not kept
    left_ -= out.size();
  }

 private:
  std::array<std::uint8_t, 1024> bytes_;
  std::size_t left_ = 0;
  std::uint64_t generation_ = 0;
};

class SystemRandom final : public RandomSource {
 public:
  void fill(std::span<std::uint8_t> out) override { random_bytes(out); }
};

}  // namespace

void random_bytes(std::span<std::uint8_t> out) {
  if (out.empty()) return;
  thread_local ThreadBuffer buffer;
  buffer.fill(out);
}

RandomSource& RandomSource::system() {
  static SystemRandom source;
  return source;
}

}  // namespace quern
