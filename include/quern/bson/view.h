// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Borrowed BSON: a value, an element (key and value) and a document, as pointers into bytes that
// somebody else owns and that were validated once at the border (bson::validate). Reading them
// allocates nothing and checks nothing again. All are trivially copyable; pass them by value.
#ifndef QUERN_BSON_VIEW_H_
#define QUERN_BSON_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>

#include "quern/base/bytes.h"
#include "quern/base/error.h"
#include "quern/base/export.h"
#include "quern/base/uuid.h"
#include "quern/bson/types.h"

namespace quern::bson {

class View;

// Length in bytes of the value of that type that starts at p, in validated bytes.
QUERN_EXPORT std::size_t value_size(Type type, const std::uint8_t* p);

// A BSON value without its key: a type and the value's bytes. The default is the missing value.
class QUERN_EXPORT ValueView {
 public:
  constexpr ValueView() = default;
  constexpr ValueView(Type type, BytesView bytes)
      : data_(bytes.data()), size_(bytes.size()), type_(type) {}

  Type type() const { return type_; }
  bool missing() const { return type_ == Type::kEnd; }
  explicit operator bool() const { return !missing(); }
  BytesView bytes() const { return {data_, size_}; }  // what the protocol calls val(x)

  bool is_number() const { return bson::is_number(type_); }
  bool is_null() const { return type_ == Type::kNull; }
  bool is_document() const { return type_ == Type::kDocument; }
  bool is_array() const { return type_ == Type::kArray; }
  bool is_string() const { return type_ == Type::kString; }
  bool is_binary(BinarySubtype subtype) const {
    return type_ == Type::kBinary && data_[4] == static_cast<std::uint8_t>(subtype);
  }

  // Typed access. Throws Error(TypeMismatch) when the value has another type.
  double as_double() const { return fixed<double>(Type::kDouble); }
  std::int32_t as_int32() const { return fixed<std::int32_t>(Type::kInt32); }
  std::int64_t as_int64() const { return fixed<std::int64_t>(Type::kInt64); }
  bool as_bool() const { return fixed<std::uint8_t>(Type::kBool) != 0; }
  Date as_date() const { return {fixed<std::int64_t>(Type::kDate)}; }
  Timestamp as_timestamp() const { return fixed<Timestamp>(Type::kTimestamp); }
  Decimal128 as_decimal() const { return fixed<Decimal128>(Type::kDecimal128); }
  ObjectId as_object_id() const {
    expect(Type::kObjectId);
    return ObjectId::from_bytes(bytes());
  }
  std::string_view as_string() const { return text(Type::kString); }
  std::string_view as_code() const { return text(Type::kCode); }
  std::string_view as_symbol() const { return text(Type::kSymbol); }
  Binary as_binary() const;
  Uuid as_uuid() const;  // binary subtype 4 of 16 bytes
  Regex as_regex() const;
  DbPointer as_db_pointer() const;
  View as_document() const;
  View as_array() const;
  View as_document_or_array() const;
  struct CodeAndScope;
  CodeAndScope as_code_with_scope() const;

  // Any number (int32, int64, double, decimal128) that holds a whole value in range; nothing
  // otherwise.
  std::optional<std::int64_t> whole_number() const;
  // Any number, rounded to double. Throws TypeMismatch for other types.
  double number() const;
  // MongoDB's idea of truth: false for missing, null, undefined, false and numeric zero.
  bool truthy() const;

 private:
  void expect(Type type) const {
    if (type_ != type) type_mismatch(type);
  }
  [[noreturn]] void type_mismatch(Type wanted) const;
  template <class T>
  T fixed(Type type) const {
    expect(type);
    return load_le<T>(data_);
  }
  std::string_view text(Type type) const {
    expect(type);
    return {reinterpret_cast<const char*>(data_) + 4, load_le<std::uint32_t>(data_) - 1};
  }

  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  Type type_ = Type::kEnd;
};

// One member of a document: its key and its value.
class Element : public ValueView {
 public:
  constexpr Element() = default;
  constexpr Element(std::string_view key, ValueView value) : ValueView(value), key_(key) {}

  std::string_view key() const { return key_; }
  ValueView value() const { return *this; }
  // The whole element: type byte, key, NUL, value. Only for elements read from a document.
  BytesView raw() const {
    const auto* start = reinterpret_cast<const std::uint8_t*>(key_.data()) - 1;
    return {start, 2 + key_.size() + bytes().size()};
  }

 private:
  std::string_view key_;
};

// A document or an array: an int32 length, elements, a NUL.
class QUERN_EXPORT View {
 public:
  View();  // the empty document
  // Of bytes already known to be valid (validated, or written by Builder).
  explicit constexpr View(const std::uint8_t* validated) : data_(validated) {}

  // Validates hostile bytes (see validate()) and returns a view of them.
  static View parse(BytesView bytes);

  const std::uint8_t* data() const { return data_; }
  std::size_t size() const { return load_le<std::uint32_t>(data_); }
  BytesView bytes() const { return {data_, size()}; }
  bool empty() const { return size() == 5; }
  ValueView as_value(Type type = Type::kDocument) const { return {type, bytes()}; }

  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = Element;
    using difference_type = std::ptrdiff_t;
    using pointer = const Element*;
    using reference = const Element&;

    Iterator() = default;
    explicit Iterator(const std::uint8_t* at) : at_(at) { read(); }
    reference operator*() const { return element_; }
    pointer operator->() const { return &element_; }
    Iterator& operator++() {
      at_ = element_.bytes().data() + element_.bytes().size();
      read();
      return *this;
    }
    Iterator operator++(int) {
      Iterator old = *this;
      ++*this;
      return old;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }
    friend bool operator==(const Iterator& a, std::default_sentinel_t) { return *a.at_ == 0; }

   private:
    void read() {
      if (*at_ == 0) return;
      const auto type = static_cast<Type>(*at_);
      const std::string_view key(reinterpret_cast<const char*>(at_ + 1));
      const std::uint8_t* value = at_ + 2 + key.size();
      element_ = Element(key, ValueView(type, {value, value_size(type, value)}));
    }
    const std::uint8_t* at_ = nullptr;
    Element element_;
  };

  Iterator begin() const { return Iterator(data_ + 4); }
  std::default_sentinel_t end() const { return {}; }

  // The first element with that key; a missing Element when there is none. Linear in the members.
  Element operator[](std::string_view key) const;
  bool contains(std::string_view key) const { return static_cast<bool>((*this)[key]); }
  // Follows a dotted path through documents (and numeric components through arrays).
  Element at_path(std::string_view dotted) const;
  std::size_t count() const;
  Element front() const { return empty() ? Element() : *begin(); }

  friend bool operator==(const View& a, const View& b) { return equal(a.bytes(), b.bytes()); }

 private:
  const std::uint8_t* data_;
};

struct ValueView::CodeAndScope {
  std::string_view code;
  View scope;
};

inline View ValueView::as_document() const {
  expect(Type::kDocument);
  return View(data_);
}
inline View ValueView::as_array() const {
  expect(Type::kArray);
  return View(data_);
}
inline View ValueView::as_document_or_array() const {
  if (type_ != Type::kArray) expect(Type::kDocument);
  return View(data_);
}

// Limits of what validate() accepts.
struct Limits {
  std::size_t max_size = 48 * 1024 * 1024;  // of the outermost document, in bytes
  int max_depth = 180;                      // of nested documents and arrays
};

// Checks that bytes hold exactly one well-formed document: lengths, known types, NULs, booleans
// 0/1, UTF-8 of keys and strings, nesting. Throws Error(InvalidBSON) that names the byte offset,
// never a value.
QUERN_EXPORT void validate(BytesView bytes, const Limits& limits = {});
// The same for the bytes of one value of a known type.
QUERN_EXPORT void validate_value(Type type, BytesView bytes, const Limits& limits = {});

}  // namespace quern::bson

#endif  // QUERN_BSON_VIEW_H_
