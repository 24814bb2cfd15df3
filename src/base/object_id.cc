// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/base/object_id.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "base/random_ids.h"
#include "quern/base/error.h"

namespace quern {
namespace {

// The random part belongs to one process: a forked child draws its own.
struct ProcessPart {
  pid_t pid = getpid();
  ObjectIdGenerator ids{RandomSource::system()};
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

ObjectId ObjectId::generate() { return process_part().ids.next(); }

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
