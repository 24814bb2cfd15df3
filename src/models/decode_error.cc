// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "models/decode_error.h"

#include <fmt/format.h>

#include "quern/base/error.h"

namespace quern {

std::string DecodePath::to_string() const {
  if (outer == nullptr) return std::string(name);
  std::string text = outer->to_string();
  if (name.empty()) return text + fmt::format("[{}]", index);
  return text + "." + std::string(name);
}

namespace internal {

void wrong_type(const DecodePath& path, std::string_view expected, bson::ValueView found) {
  if (found.is_binary(bson::BinarySubtype::kEncrypted)) {
    throw Error(
        ErrorCode::kTypeMismatch,
        fmt::format("{}: expected {}, found a value that is still encrypted; read it through "
                    "a database with auto_encryption, and mark the member quern::Encrypted",
                    path.to_string(), expected));
  }
  throw Error(ErrorCode::kTypeMismatch, fmt::format("{}: expected {}, found {}", path.to_string(),
                                                    expected, bson::alias(found.type())));
}

void bad_value(std::string_view path, std::string_view why) {
  throw Error(ErrorCode::kBadValue, fmt::format("{}: {}", path, why));
}

void bad_stored_value(const DecodePath& path, std::string_view why) {
  bad_value(path.to_string(), why);
}

void expect_type(bson::Type expected, bson::ValueView found, const DecodePath& path) {
  if (found.type() != expected) wrong_type(path, bson::alias(expected), found);
}

}  // namespace internal
}  // namespace quern
