// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/base/object_id.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <ctime>

#include "base/random.h"
#include "quern/base/error.h"

namespace quern {
namespace {

// The random part belongs to one process: a forked child draws its own.
struct ProcessPart {
  pid_t pid = getpid();
  std::array<std::uint8_t, 5> random{};
  std::atomic<std::uint32_t> counter{0};

  ProcessPart() {
    random_bytes(random);
    std::array<std::uint8_t, 4> start{};
    random_bytes(start);
    counter = load_le<std::uint32_t>(start.data());
  }
};

ProcessPart& process_part() {
  thread_local ProcessPart* known = nullptr;
  static std::atomic<ProcessPart*> current{new ProcessPart};
  if (known == nullptr || known->pid != getpid()) {
    known = current.load();
    while (known->pid != getpid()) {  // first use after a fork
      auto* fresh = new ProcessPart;
      if (current.compare_exchange_strong(known, fresh)) {
        known = fresh;
      } else {
        delete fresh;
      }
    }
  }
  return *known;
}

}  // namespace

ObjectId ObjectId::generate() {
  ProcessPart& part = process_part();
  const auto seconds = static_cast<std::uint32_t>(std::time(nullptr));
  const std::uint32_t count = part.counter.fetch_add(1, std::memory_order_relaxed);
  ObjectId id;
  for (int i = 0; i < 4; ++i) id.bytes_[i] = static_cast<std::uint8_t>(seconds >> (24 - 8 * i));
  std::copy(part.random.begin(), part.random.end(), id.bytes_.begin() + 4);
  for (int i = 0; i < 3; ++i) id.bytes_[9 + i] = static_cast<std::uint8_t>(count >> (16 - 8 * i));
  return id;
}

ObjectId ObjectId::from_bytes(BytesView bytes) {
  if (bytes.size() != kSize) {
    throw Error(ErrorCode::kBadValue,
                "an ObjectId has 12 bytes, got " + std::to_string(bytes.size()));
  }
  ObjectId id;
  std::copy(bytes.begin(), bytes.end(), id.bytes_.begin());
  return id;
}

ObjectId ObjectId::parse(std::string_view text) {
  if (text.size() != 2 * kSize) {
    throw Error(ErrorCode::kBadValue, "an ObjectId is written with 24 hexadecimal digits");
  }
  return from_bytes(from_hex(text));
}

}  // namespace quern
