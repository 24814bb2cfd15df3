// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "kms/local.h"

#include <fmt/format.h>

#include "base/base64.h"
#include "quern/base/error.h"

namespace quern::kms {
namespace {

constexpr std::size_t kBase64Size = base64_size(LocalKms::kKeySize);

std::string_view without_line_end(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

SecretBytes parse_key(SecretBytes key, std::string_view name) {
  if (key.size() == LocalKms::kKeySize) return key;
  const std::string_view text = without_line_end(as_text(key.bytes()));
  if (text.size() == kBase64Size) {
    SecretBytes decoded(LocalKms::kKeySize);
    if (decode_base64(text, decoded.mutable_bytes()) == LocalKms::kKeySize) return decoded;
  }
  throw ImproperlyConfigured(fmt::format(
      "KMS provider '{}': the key must be {} bytes, or their base64 text of {} characters, not {} "
      "bytes of something else; `manage generatelocalkey` makes one",
      name, LocalKms::kKeySize, kBase64Size, key.size()));
}

}  // namespace

LocalKms::LocalKms(SecretBytes key, std::string name, RandomSource& random)
    : name_(std::move(name)), aead_(parse_key(std::move(key), name_).bytes()), random_(random) {}

WrappedKey LocalKms::wrap(const SecretBytes& data_key, bson::View options) {
  if (!options.empty()) {
    throw Error(ErrorCode::kBadValue,
                fmt::format("KMS provider '{}' has one master key: masterKey takes no '{}'", name_,
                            options.front().key()));
  }
  if (data_key.size() != kDataKeySize) {
    throw Error(ErrorCode::kBadValue,
                fmt::format("a data key is {} bytes, not {}", kDataKeySize, data_key.size()));
  }
  return {aead_.encrypt(random_, {}, data_key.bytes()), bson::doc("provider", name_)};
}

SecretBytes LocalKms::unwrap(BytesView key_material, bson::View) {
  if (key_material.size() != kWrappedSize) {
    throw Error(
        ErrorCode::kFailedToParse,
        fmt::format("its keyMaterial is {} bytes; a data key wrapped by provider '{}' has {}",
                    key_material.size(), name_, kWrappedSize));
  }
  try {
    return aead_.decrypt_secret({}, key_material);
  } catch (const Error& error) {
    if (!error.is(ErrorCode::kOperationFailed)) throw;
    throw Error(ErrorCode::kAuthenticationFailed,
                fmt::format("the key of KMS provider '{}' is not the one that wrapped it, or its "
                            "keyMaterial was altered; configure the key that it was made with",
                            name_));
  }
}

std::unique_ptr<KeyWrapper> make_local(std::string name, Credentials credentials) {
  for (const auto& [member, value] : credentials) {
    if (member != "key") {
      throw ImproperlyConfigured(
          fmt::format("KMS provider '{}' takes only 'key', not '{}'", name, member));
    }
  }
  const auto key = credentials.find("key");
  if (key == credentials.end()) {
    throw ImproperlyConfigured(fmt::format("KMS provider '{}' lacks its 'key'", name));
  }
  return std::make_unique<LocalKms>(std::move(key->second), std::move(name));
}

}  // namespace quern::kms
