// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "base/secret_bytes.h"
#include "quern/models/encrypted.h"

namespace quern::internal {

void wipe_memory(void* data, std::size_t size) noexcept {
  quern::wipe_memory({static_cast<std::uint8_t*>(data), size});
}

}  // namespace quern::internal
