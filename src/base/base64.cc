// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "base/base64.h"

#include <openssl/evp.h>

#include "quern/base/error.h"

namespace quern {

void encode_base64(BytesView bytes, std::span<std::uint8_t> text) {
  if (text.size() <= base64_size(bytes.size())) {
    throw Error(ErrorCode::kInternalError, "a buffer for base64 text is too small");
  }
  EVP_EncodeBlock(text.data(), bytes.data(), static_cast<int>(bytes.size()));
}

std::optional<std::size_t> decode_base64(std::string_view text, std::span<std::uint8_t> bytes) {
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const std::size_t size = text.size() / 4 * 3;
  if (bytes.size() < size) {
    throw Error(ErrorCode::kInternalError, "a buffer for what base64 text stands for is too small");
  }
  if (text.size() % 4 != 0 || text.substr(0, text.size() - padding).find('=') != text.npos) {
    return std::nullopt;
  }
  if (text.empty()) return 0;
  // OpenSSL takes white space at either end, and then decodes less than the text's size says.
  const int decoded =
      EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size()));
  if (decoded != static_cast<int>(size)) return std::nullopt;
  return size - padding;
}

}  // namespace quern
