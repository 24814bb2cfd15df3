// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Identifiers made of the random bytes of a given source.
#ifndef QUERN_BASE_RANDOM_IDS_H_
#define QUERN_BASE_RANDOM_IDS_H_

#include <array>
#include <atomic>
#include <cstdint>

#include "base/random.h"
#include "quern/base/object_id.h"
#include "quern/base/uuid.h"

namespace quern {

// Version 4.
Uuid random_uuid(RandomSource& random);

// Object ids that begin with the time, have five random bytes in common and count from a random
// number. Thread-safe. Draws when it is made, and never again: a forked child needs its own.
class ObjectIdGenerator {
 public:
  explicit ObjectIdGenerator(RandomSource& random);
  ObjectId next();

 private:
  std::array<std::uint8_t, 5> random_{};
  std::atomic<std::uint32_t> counter_{0};
};

}  // namespace quern

#endif  // QUERN_BASE_RANDOM_IDS_H_
