// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/encrypted.h"

#include "base/secret_bytes.h"
#include "quern/base/error.h"

namespace quern::internal {

void wipe_memory(void* data, std::size_t size) noexcept {
  quern::wipe_memory({static_cast<std::uint8_t*>(data), size});
}

void number_does_not_fit() {
  throw Error(ErrorCode::kOverflow, "a number does not fit the type of its encrypted field");
}

}  // namespace quern::internal
