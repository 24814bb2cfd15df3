// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/base/uuid.h"

#include <algorithm>

#include "base/random_ids.h"
#include "quern/base/error.h"

namespace quern {

Uuid Uuid::random() { return random_uuid(RandomSource::system()); }

Uuid Uuid::from_bytes(BytesView bytes) {
  if (bytes.size() != kSize) {
    throw Error(ErrorCode::kInvalidUUID,
                "a UUID has 16 bytes, got " + std::to_string(bytes.size()));
  }
  Uuid id;
  std::copy(bytes.begin(), bytes.end(), id.bytes_.begin());
  return id;
}

Uuid Uuid::parse(std::string_view text) {
  std::string digits(text);
  std::erase(digits, '-');
  return from_bytes(from_hex(digits));
}

std::string Uuid::to_string() const {
  std::string text = to_hex(bytes_);
  for (const std::size_t at : {8u, 13u, 18u, 23u}) text.insert(at, 1, '-');
  return text;
}

}  // namespace quern
