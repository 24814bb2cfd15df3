// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/bson/document.h"

#include <charconv>
#include <limits>
#include <utility>

namespace quern::bson {

Document::Document() : bytes_{5, 0, 0, 0, 0} {}

Document Document::parse(Bytes bytes) {
  validate(bytes);
  return from_trusted(std::move(bytes));
}

Document Document::from_trusted(Bytes bytes) { return Document(Trusted(), std::move(bytes)); }

void Builder::begin() {
  bytes_.reserve(kInitialCapacity);
  bytes_.assign(4, 0);
  frames_.reserve(4);
  frames_.assign(1, {0, 0});
}

Builder& Builder::head(Type type, std::string_view key) {
  if (std::memchr(key.data(), 0, key.size()) != nullptr) {
    throw Error(ErrorCode::kBadValue, "a BSON key may not hold a NUL character");
  }
  if (bytes_.empty()) begin();
  const std::size_t at = bytes_.size();
  bytes_.resize(at + key.size() + 2);
  bytes_[at] = static_cast<std::uint8_t>(type);
  if (!key.empty()) std::memcpy(bytes_.data() + at + 1, key.data(), key.size());
  return *this;
}

Builder& Builder::text(Type type, std::string_view key, std::string_view value) {
  fixed(type, key, static_cast<std::int32_t>(value.size() + 1));
  put(as_bytes(value));
  bytes_.push_back(0);
  return *this;
}

Builder& Builder::append(std::string_view key, ValueView value) {
  if (value.missing()) return *this;  // a missing value adds no member
  head(value.type(), key);
  put(value.bytes());
  return *this;
}

Builder& Builder::append(std::string_view key, const ObjectId& value) {
  head(Type::kObjectId, key);
  put(value.bytes());
  return *this;
}

Builder& Builder::append(std::string_view key, const Uuid& value) {
  return append(key, Binary{BinarySubtype::kUuid, value.bytes()});
}

Builder& Builder::append(std::string_view key, Binary value) {
  fixed(Type::kBinary, key, static_cast<std::int32_t>(value.bytes.size()));
  bytes_.push_back(static_cast<std::uint8_t>(value.subtype));
  put(value.bytes);
  return *this;
}

Builder& Builder::append(std::string_view key, Regex value) {
  if (value.pattern.find('\0') != value.pattern.npos ||
      value.options.find('\0') != value.options.npos) {
    throw Error(ErrorCode::kBadValue, "a regular expression may not hold a NUL character");
  }
  head(Type::kRegex, key);
  put(as_bytes(value.pattern));
  bytes_.push_back(0);
  put(as_bytes(value.options));
  bytes_.push_back(0);
  return *this;
}

Builder& Builder::append(std::string_view key, DbPointer value) {
  text(Type::kDbPointer, key, value.ns);
  put(value.id.bytes());
  return *this;
}

Builder& Builder::append(const Element& element) { return append(element.key(), element.value()); }

Builder& Builder::append_all(View document) {
  if (bytes_.empty()) begin();
  const BytesView all = document.bytes();
  put(all.subspan(4, all.size() - 5));
  return *this;
}

Builder& Builder::open(Type type, std::string_view key) {
  head(type, key);
  frames_.push_back({bytes_.size(), 0});
  bytes_.resize(bytes_.size() + 4);
  return *this;
}

Builder& Builder::open_document(std::string_view key) { return open(Type::kDocument, key); }
Builder& Builder::open_array(std::string_view key) { return open(Type::kArray, key); }

Builder& Builder::close() {
  if (frames_.empty())
    throw Error(ErrorCode::kInternalError, "Builder::close without an open document");
  bytes_.push_back(0);
  const std::size_t start = frames_.back().start;
  const std::size_t size = bytes_.size() - start;
  if (size > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
    throw Error(ErrorCode::kBSONObjectTooLarge, "a BSON document may not exceed 2 GiB");
  }
  store_le(bytes_.data() + start, static_cast<std::int32_t>(size));
  frames_.pop_back();
  return *this;
}

std::string_view Builder::next_index() {
  const auto result =
      std::to_chars(index_text_, index_text_ + sizeof index_text_, frames_.back().next_index++);
  return {index_text_, static_cast<std::size_t>(result.ptr - index_text_)};
}

Bytes Builder::finish_bytes() {
  if (bytes_.empty()) begin();
  if (frames_.size() != 1) {
    throw Error(ErrorCode::kInternalError, "Builder::finish while a nested document is open");
  }
  close();
  return std::exchange(bytes_, {});
}

Document Builder::finish() { return Document::from_trusted(finish_bytes()); }

}  // namespace quern::bson
