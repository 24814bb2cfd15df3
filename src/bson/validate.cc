// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <string>

#include "quern/bson/view.h"

namespace quern::bson {
namespace {

class Validator {
 public:
  Validator(BytesView bytes, const Limits& limits) : start_(bytes.data()), limits_(limits) {}

  // Checks the document at [from, from + available) and returns its length.
  std::size_t document(const std::uint8_t* from, std::size_t available, int depth) {
    if (depth > limits_.max_depth) {
      fail(from, "nested deeper than " + std::to_string(limits_.max_depth) + " levels");
    }
    if (available < 5) fail(from, "a document needs at least 5 bytes");
    const std::size_t size = length(from, available, 5);
    const std::uint8_t* end = from + size - 1;  // of the closing NUL
    if (*end != 0) fail(end, "a document must end with a NUL byte");
    const std::uint8_t* at = from + 4;
    while (at < end) {
      const std::uint8_t type = *at;
      if (!is_valid_type(type)) fail(at, "unknown type byte " + std::to_string(type));
      const std::size_t key = c_string(at + 1, end);
      const std::uint8_t* value_start = at + 1 + key;
      at = value_start + value(static_cast<Type>(type), value_start, end, depth);
    }
    if (at != end) fail(at, "elements end behind the document's length");
    return size;
  }

  // Checks the value that starts at from and returns its length.
  std::size_t value(Type type, const std::uint8_t* from, std::size_t available) {
    return value(type, from, from + available, 0);
  }

 private:
  [[noreturn]] void fail(const std::uint8_t* at, const std::string& what) const {
    throw Error(ErrorCode::kInvalidBSON,
                "invalid BSON at byte " + std::to_string(at - start_) + ": " + what);
  }

  // An int32 length that counts itself, at least minimum and at most what is there.
  std::size_t length(const std::uint8_t* at, std::size_t available, std::size_t minimum) const {
    if (available < 4) fail(at, "truncated length");
    const auto size = load_le<std::int32_t>(at);
    if (size < 0 || static_cast<std::size_t>(size) < minimum ||
        static_cast<std::size_t>(size) > available) {
      fail(at, "length " + std::to_string(size) + " does not fit");
    }
    return static_cast<std::size_t>(size);
  }

  // Size with the NUL.
  std::size_t c_string(const std::uint8_t* at, const std::uint8_t* end) const {
    const void* nul = std::memchr(at, 0, static_cast<std::size_t>(end - at));
    if (nul == nullptr) fail(at, "unterminated text");
    const auto size = static_cast<std::size_t>(static_cast<const std::uint8_t*>(nul) - at);
    utf8(at, size);
    return size + 1;
  }

  // int32 length with the NUL, text, NUL.
  std::size_t string(const std::uint8_t* at, const std::uint8_t* end) const {
    const auto available = static_cast<std::size_t>(end - at);
    if (available < 5) fail(at, "truncated string");
    const auto size = load_le<std::int32_t>(at);
    if (size < 1 || static_cast<std::size_t>(size) > available - 4) {
      fail(at, "string length " + std::to_string(size) + " does not fit");
    }
    if (at[3 + size] != 0) fail(at, "a string must end with a NUL byte");
    utf8(at + 4, static_cast<std::size_t>(size) - 1);
    return 4 + static_cast<std::size_t>(size);
  }

  void need(const std::uint8_t* at, const std::uint8_t* end, std::size_t size) const {
    if (static_cast<std::size_t>(end - at) < size) fail(at, "truncated value");
  }

  std::size_t value(Type type, const std::uint8_t* at, const std::uint8_t* end, int depth) {
    const auto available = static_cast<std::size_t>(end - at);
    switch (type) {
      case Type::kString:
      case Type::kCode:
      case Type::kSymbol:
        return string(at, end);
      case Type::kDocument:
      case Type::kArray:
        return document(at, available, depth + 1);
      case Type::kBinary: {
        need(at, end, 5);
        const auto size = load_le<std::int32_t>(at);
        if (size < 0 || static_cast<std::size_t>(size) > available - 5) {
          fail(at, "binary length " + std::to_string(size) + " does not fit");
        }
        if (at[4] == static_cast<std::uint8_t>(BinarySubtype::kOldBinary) &&
            (size < 4 || load_le<std::int32_t>(at + 5) != size - 4)) {
          fail(at, "binary subtype 2 holds a wrong inner length");
        }
        return 5 + static_cast<std::size_t>(size);
      }
      case Type::kBool:
        need(at, end, 1);
        if (*at > 1) fail(at, "a boolean must be 0 or 1");
        return 1;
      case Type::kRegex: {
        const std::size_t pattern = c_string(at, end);
        return pattern + c_string(at + pattern, end);
      }
      case Type::kDbPointer: {
        const std::size_t ns = string(at, end);
        need(at + ns, end, ObjectId::kSize);
        return ns + ObjectId::kSize;
      }
      case Type::kCodeWithScope: {
        const std::size_t size = length(at, available, 14);
        const std::size_t code = string(at + 4, at + size);
        if (document(at + 4 + code, size - 4 - code, depth + 1) != size - 4 - code) {
          fail(at, "code with scope holds a wrong length");
        }
        return size;
      }
      default: {
        const std::size_t size = value_size(type, at);  // fixed sizes do not read
        need(at, end, size);
        return size;
      }
    }
  }

  // RFC 3629, strictly: no overlong forms, no surrogates, nothing above U+10FFFF. NUL is legal in
  // strings (callers find it themselves in keys).
  void utf8(const std::uint8_t* at, std::size_t size) const {
    const std::uint8_t* end = at + size;
    while (at < end) {
      if (end - at >= 8 && (load_le<std::uint64_t>(at) & 0x8080808080808080) == 0) {
        at += 8;
        continue;
      }
      const std::uint8_t lead = *at;
      if (lead < 0x80) {
        ++at;
        continue;
      }
      const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
      if (lead < 0xC2 || lead > 0xF4 || end - at <= more) fail(at, "text is not UTF-8");
      const std::uint8_t second = at[1];
      if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
          (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) {
        fail(at, "text is not UTF-8");
      }
      for (int i = 1; i <= more; ++i) {
        if ((at[i] & 0xC0) != 0x80) fail(at, "text is not UTF-8");
      }
      at += more + 1;
    }
  }

  const std::uint8_t* start_;
  const Limits& limits_;
};

}  // namespace

void validate(BytesView bytes, const Limits& limits) {
  if (bytes.size() > limits.max_size) {
    throw Error(ErrorCode::kBSONObjectTooLarge,
                "a BSON document of " + std::to_string(bytes.size()) + " bytes is larger than " +
                    std::to_string(limits.max_size));
  }
  Validator validator(bytes, limits);
  if (validator.document(bytes.data(), bytes.size(), 0) != bytes.size()) {
    throw Error(ErrorCode::kInvalidBSON, "invalid BSON: bytes follow the document's end");
  }
}

void validate_value(Type type, BytesView bytes, const Limits& limits) {
  if (bytes.size() > limits.max_size || !is_valid_type(static_cast<std::uint8_t>(type))) {
    throw Error(ErrorCode::kInvalidBSON,
                "invalid BSON: an unknown type or a value that is too large");
  }
  Validator validator(bytes, limits);
  if (validator.value(type, bytes.data(), bytes.size()) != bytes.size()) {
    throw Error(ErrorCode::kInvalidBSON, "invalid BSON: bytes follow the value's end");
  }
}

}  // namespace quern::bson
