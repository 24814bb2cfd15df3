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

bool DecodePath::is(std::string_view dotted) const {
  if (outer == nullptr) return dotted.empty();
  if (name.empty() || !dotted.ends_with(name)) return false;
  dotted.remove_suffix(name.size());
  if (outer->outer == nullptr) return dotted.empty();
  if (!dotted.ends_with('.')) return false;
  dotted.remove_suffix(1);
  return outer->is(dotted);
}

namespace internal {

void not_decrypted(const DecodePath& path, bson::ValueView found) {
  if (found.is_binary(bson::BinarySubtype::kEncrypted)) {
    throw Error(
        ErrorCode::kTypeMismatch,
        fmt::format("{}: the value is still encrypted: read it by a command of this process "
                    "through a database with auto_encryption (a cursor that another process "
                    "opened, or an aggregation that moves the field, is not decrypted)",
                    path.to_string()));
  }
  throw Error(ErrorCode::kTypeMismatch,
              fmt::format("{}: the member is encrypted, and a value of type {} that was not is no "
                          "value of it",
                          path.to_string(), bson::alias(found.type())));
}

void of_other_field(const DecodePath& path, std::string_view field) {
  throw Error(
      ErrorCode::kTypeMismatch,
      field.empty()
          ? fmt::format("{}: the value was decrypted without a schema, which is no proof that "
                        "it is one of this member",
                        path.to_string())
          : fmt::format("{}: the value was encrypted as one of field '{}'", path.to_string(),
                        field));
}

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

void bad_stored_value(const DecodePath& path, std::string_view why) {
  throw Error(ErrorCode::kBadValue, fmt::format("{}: {}", path.to_string(), why));
}

void expect_type(bson::Type expected, bson::ValueView found, const DecodePath& path) {
  if (found.type() != expected) wrong_type(path, bson::alias(expected), found);
}

}  // namespace internal
}  // namespace quern
