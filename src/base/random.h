// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Random bytes from a per-thread buffer over OpenSSL's DRBG. The buffer is thrown away after a
// fork, so that parent and child never hand out the same bytes.
#ifndef QUERN_BASE_RANDOM_H_
#define QUERN_BASE_RANDOM_H_

#include <cstdint>
#include <span>

namespace quern {

// Fills out with random bytes. Throws Error(InternalError) if the system's source fails.
void random_bytes(std::span<std::uint8_t> out);

// Where protocol code takes its random bytes from, so that a test can pin them. Thread-safe unless
// an implementation says otherwise.
class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;

  static RandomSource& system();  // random_bytes
};

}  // namespace quern

#endif  // QUERN_BASE_RANDOM_H_
