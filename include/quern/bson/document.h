// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Owned BSON: Document and Value own their bytes, Builder writes them.
#ifndef QUERN_BSON_DOCUMENT_H_
#define QUERN_BSON_DOCUMENT_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "quern/base/export.h"
#include "quern/bson/view.h"

namespace quern::bson {

// An owned document. Moving is cheap; copying copies the bytes. Converts to a View as std::string
// does to std::string_view: a View of a temporary lives until the end of the expression.
class QUERN_EXPORT Document {
 public:
  Document();  // {}
  explicit Document(View view) : bytes_(view.bytes().begin(), view.bytes().end()) {}
  static Document parse(Bytes bytes);         // validates; throws Error(InvalidBSON)
  static Document from_trusted(Bytes bytes);  // written by Builder or validated before

  View view() const { return View(bytes_.data()); }
  operator View() const { return view(); }
  const Bytes& bytes() const& { return bytes_; }
  Bytes release() && { return std::move(bytes_); }
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return view().empty(); }

  Element operator[](std::string_view key) const& { return view()[key]; }
  View::Iterator begin() const& { return view().begin(); }
  std::default_sentinel_t end() const { return {}; }

  friend bool operator==(const Document& a, const Document& b) { return a.bytes_ == b.bytes_; }

 private:
  struct Trusted {};
  Document(Trusted, Bytes bytes) : bytes_(std::move(bytes)) {}

  Bytes bytes_;
};

// An owned value of any type; the default is the missing value.
class Value {
 public:
  Value() = default;
  explicit Value(ValueView view)
      : type_(view.type()), bytes_(view.bytes().begin(), view.bytes().end()) {}
  Value(Type type, Bytes bytes) : type_(type), bytes_(std::move(bytes)) {}

  // Value::of(std::int32_t{1}), Value::of("text"), Value::of(Null{}), … : what Builder::append
  // takes.
  template <class T>
  static Value of(const T& value);

  ValueView view() const { return {type_, bytes_}; }
  operator ValueView() const { return view(); }
  Type type() const { return type_; }
  bool missing() const { return type_ == Type::kEnd; }

  friend bool operator==(const Value& a, const Value& b) {
    return a.type_ == b.type_ && a.bytes_ == b.bytes_;
  }

 private:
  Type type_ = Type::kEnd;
  Bytes bytes_;
};

// Writes one document (or array), with nested ones opened and closed in place:
//
//   Builder b;
//   b.append("find", "patients");
//   b.open_document("filter").append("age", 42).close();
//   Document command = b.finish();
//
// Keys may not hold NUL (Error BadValue). Not thread-safe. Reusable after finish().
class QUERN_EXPORT Builder {
 public:
  Builder() { begin(); }

  Builder& append(std::string_view key, ValueView value);
  Builder& append(std::string_view key, const Value& value) { return append(key, value.view()); }
  Builder& append(std::string_view key, View document) { return append(key, document.as_value()); }
  Builder& append(std::string_view key, const Document& document) {
    return append(key, document.view());
  }
  Builder& append(std::string_view key, double value) { return fixed(Type::kDouble, key, value); }
  Builder& append(std::string_view key, std::int32_t value) {
    return fixed(Type::kInt32, key, value);
  }
  Builder& append(std::string_view key, std::int64_t value) {
    return fixed(Type::kInt64, key, value);
  }
  Builder& append(std::string_view key, bool value) {
    return fixed(Type::kBool, key, static_cast<std::uint8_t>(value));
  }
  Builder& append(std::string_view key, std::string_view value) {
    return text(Type::kString, key, value);
  }
  Builder& append(std::string_view key, const std::string& value) {
    return append(key, std::string_view(value));
  }
  Builder& append(std::string_view key, const char* value) {
    return append(key, std::string_view(value));
  }
  Builder& append(std::string_view key, Code value) { return text(Type::kCode, key, value.text); }
  Builder& append(std::string_view key, Symbol value) {
    return text(Type::kSymbol, key, value.text);
  }
  Builder& append(std::string_view key, Date value) {
    return fixed(Type::kDate, key, value.milliseconds);
  }
  Builder& append(std::string_view key, Timestamp value) {
    return fixed(Type::kTimestamp, key, value);
  }
  Builder& append(std::string_view key, Decimal128 value) {
    return fixed(Type::kDecimal128, key, value);
  }
  Builder& append(std::string_view key, const ObjectId& value);
  Builder& append(std::string_view key, const Uuid& value);
  Builder& append(std::string_view key, Binary value);
  Builder& append(std::string_view key, Regex value);
  Builder& append(std::string_view key, DbPointer value);
  Builder& append(std::string_view key, Null) { return head(Type::kNull, key); }
  Builder& append(std::string_view key, Undefined) { return head(Type::kUndefined, key); }
  Builder& append(std::string_view key, MinKey) { return head(Type::kMinKey, key); }
  Builder& append(std::string_view key, MaxKey) { return head(Type::kMaxKey, key); }
  Builder& append(std::string_view key, std::nullptr_t) = delete;

  Builder& append(const Element& element);  // key and value
  Builder& append_all(View document);       // every element of it

  Builder& open_document(std::string_view key);
  Builder& open_array(std::string_view key);
  Builder& close();
  // In an array opened with open_array: the next index as the key.
  template <class T>
  Builder& push(const T& value) {
    return append(next_index(), value);
  }
  Builder& push_document() { return open_document(next_index()); }
  Builder& push_array() { return open_array(next_index()); }

  // Closes the outermost document and hands it out. Throws InternalError if a nested one is open.
  Document finish();
  Bytes finish_bytes();
  std::size_t size() const { return bytes_.size(); }
  // Room for a document of that many bytes, to spare growing step by step.
  Builder& reserve(std::size_t bytes) {
    bytes_.reserve(bytes);
    return *this;
  }

 private:
  struct Frame {
    std::size_t start;
    std::uint32_t next_index;
  };
  static constexpr std::size_t kInitialCapacity = 128;
  void begin();  // of a document, at the latest when the first member is written
  Builder& head(Type type, std::string_view key);
  Builder& text(Type type, std::string_view key, std::string_view value);
  template <class T>
  Builder& fixed(Type type, std::string_view key, T value) {
    head(type, key);
    const auto* p = reinterpret_cast<const std::uint8_t*>(&value);
    bytes_.insert(bytes_.end(), p, p + sizeof value);
    return *this;
  }
  Builder& open(Type type, std::string_view key);
  std::string_view next_index();
  void put(BytesView bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }

  Bytes bytes_;
  std::vector<Frame> frames_;
  char index_text_[16];
};

template <class T>
Value Value::of(const T& value) {
  Builder builder;
  builder.append("", value);
  const Document document = builder.finish();
  return Value(document.view().front().value());
}

namespace internal {
inline void append_pairs(Builder&) {}
template <class T, class... Rest>
void append_pairs(Builder& builder, std::string_view key, const T& value, const Rest&... rest) {
  builder.append(key, value);
  append_pairs(builder, rest...);
}
}  // namespace internal

// doc("find", "patients", "limit", 1): a document of key and value pairs, in order.
template <class... Pairs>
Document doc(const Pairs&... pairs) {
  static_assert(sizeof...(Pairs) % 2 == 0, "doc() takes pairs of a key and a value");
  Builder builder;
  internal::append_pairs(builder, pairs...);
  return builder.finish();
}

// array(1, 2, 3): an array value.
template <class... Values>
Value array(const Values&... values) {
  Builder builder;
  builder.open_array("");
  (builder.push(values), ...);
  builder.close();
  const Document document = builder.finish();
  return Value(document.view().front().value());
}

}  // namespace quern::bson

#endif  // QUERN_BSON_DOCUMENT_H_
