// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <openssl/crypto.h>

#include "quern/models/encrypted.h"

namespace quern::internal {

void wipe_memory(void* data, std::size_t size) noexcept { OPENSSL_cleanse(data, size); }

}  // namespace quern::internal
