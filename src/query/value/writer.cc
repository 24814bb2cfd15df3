// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/value/writer.h"

#include <charconv>

#include "quern/base/error.h"
#include "query/value/values.h"

namespace quern::query {
namespace {
// More than any stage may hold: a computed array that grows beyond it is refused, not allocated.
constexpr std::size_t kMaxSize = 256 * 1024 * 1024;
}  // namespace

void Writer::clear() {
  bytes_.assign(4, 0);
  frames_.assign(1, Frame{0, 0});
}

void Writer::head(bson::Type type, std::string_view key) {
  const std::size_t at = bytes_.size();
  if (at > kMaxSize) {
    throw Error(ErrorCode::kExceededMemoryLimit,
                "a computed value exceeds " + std::to_string(kMaxSize) + " bytes");
  }
  bytes_.resize(at + key.size() + 2);
  bytes_[at] = static_cast<std::uint8_t>(type);
  if (!key.empty()) std::memcpy(&bytes_[at + 1], key.data(), key.size());
  bytes_.back() = 0;
}

std::string_view Writer::next_index() {
  const auto end =
      std::to_chars(index_text_, index_text_ + sizeof index_text_, frames_.back().next_index++);
  return {index_text_, static_cast<std::size_t>(end.ptr - index_text_)};
}

Writer& Writer::append(std::string_view key, bson::ValueView value) {
  head(value.type(), key);
  bytes_.insert(bytes_.end(), value.bytes().begin(), value.bytes().end());
  return *this;
}

Writer& Writer::append(const bson::Element& element) {
  const BytesView raw = element.raw();
  bytes_.insert(bytes_.end(), raw.begin(), raw.end());
  return *this;
}

Writer& Writer::append_all(bson::View document) {
  const BytesView all = document.bytes();
  bytes_.insert(bytes_.end(), all.begin() + 4, all.end() - 1);
  return *this;
}

Writer& Writer::open(std::string_view key, bson::Type type) {
  if (frames_.size() >= kMaxDepth) {
    throw Error(ErrorCode::kOverflow,
                "the result is nested more than " + std::to_string(kMaxDepth) + " levels deep");
  }
  head(type, key);
  frames_.push_back({bytes_.size(), 0});
  bytes_.resize(bytes_.size() + 4);
  return *this;
}

void Writer::end_frame() {
  bytes_.push_back(0);
  const std::size_t start = frames_.back().start;
  const std::size_t size = bytes_.size() - start;
  if (size > INT32_MAX) {
    throw Error(ErrorCode::kBSONObjectTooLarge, "the result is larger than 2 GiB");
  }
  store_le(&bytes_[start], static_cast<std::uint32_t>(size));
  frames_.pop_back();
}

Writer& Writer::close() {
  end_frame();
  return *this;
}

Writer& Writer::push(bson::ValueView value) { return append(next_index(), value); }
Writer& Writer::push_open(bson::Type type) { return open(next_index(), type); }

void Writer::rollback(const Mark& mark) {
  bytes_.resize(mark.size);
  frames_.resize(mark.depth);
  frames_.back().next_index = mark.next_index;
}

bson::View Writer::finish() {
  end_frame();
  return bson::View(bytes_.data());
}

bson::Document Writer::finish_document() {
  end_frame();
  bson::Document document = bson::Document::from_trusted(std::move(bytes_));
  clear();
  return document;
}

}  // namespace quern::query
