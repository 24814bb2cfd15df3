// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A value during evaluation: any BSON value in 24 bytes. Numbers, booleans, dates, object ids and
// other fixed-size types are held inline; strings, documents, arrays and binaries point into the
// document under evaluation, into the parsed expression or into the evaluation's arena. Trivially
// copyable; pass it by value.
#ifndef QUERN_QUERY_VALUE_DATUM_H_
#define QUERN_QUERY_VALUE_DATUM_H_

#include <cstdint>
#include <cstring>

#include "quern/bson/view.h"

namespace quern::query {

class Datum {
 public:
  Datum() = default;  // missing
  Datum(bson::ValueView value)
      : size_(static_cast<std::uint32_t>(value.bytes().size())), type_(value.type()) {
    if (is_inline(type_)) {
      if (size_ != 0) std::memcpy(inline_, value.bytes().data(), size_);
    } else {
      data_ = value.bytes().data();
    }
  }
  static Datum of(std::int32_t v) { return scalar(bson::Type::kInt32, v); }
  static Datum of(std::int64_t v) { return scalar(bson::Type::kInt64, v); }
  static Datum of(double v) { return scalar(bson::Type::kDouble, v); }
  static Datum of(bool v) { return scalar(bson::Type::kBool, static_cast<std::uint8_t>(v)); }
  static Datum of(bson::Date v) { return scalar(bson::Type::kDate, v.milliseconds); }
  static Datum of(bson::Timestamp v) { return scalar(bson::Type::kTimestamp, v); }
  static Datum of(bson::Decimal128 v) { return scalar(bson::Type::kDecimal128, v); }
  static Datum of(const ObjectId& v) { return bson::ValueView(bson::Type::kObjectId, v.bytes()); }
  static Datum null() { return bson::ValueView(bson::Type::kNull, {}); }

  bson::Type type() const { return type_; }
  bool missing() const { return type_ == bson::Type::kEnd; }
  // Missing, null or undefined: what most operators turn into null.
  bool nullish() const {
    return type_ == bson::Type::kEnd || type_ == bson::Type::kNull ||
           type_ == bson::Type::kUndefined;
  }
  bool is_number() const { return bson::is_number(type_); }
  // The value as BSON; for inline types a view into this object.
  bson::ValueView view() const& { return {type_, {is_inline(type_) ? inline_ : data_, size_}}; }
  bson::ValueView view() const&& = delete;

  static constexpr bool is_inline(bson::Type type) {
    switch (type) {
      case bson::Type::kString:
      case bson::Type::kDocument:
      case bson::Type::kArray:
      case bson::Type::kBinary:
      case bson::Type::kRegex:
      case bson::Type::kDbPointer:
      case bson::Type::kCode:
      case bson::Type::kSymbol:
      case bson::Type::kCodeWithScope:
        return false;
      default:
        return true;
    }
  }

 private:
  template <class T>
  static Datum scalar(bson::Type type, T value) {
    Datum d;
    d.type_ = type;
    d.size_ = sizeof value;
    std::memcpy(d.inline_, &value, sizeof value);
    return d;
  }

  union {
    const std::uint8_t* data_ = nullptr;
    std::uint8_t inline_[16];
  };
  std::uint32_t size_ = 0;
  bson::Type type_ = bson::Type::kEnd;
};

}  // namespace quern::query

#endif  // QUERN_QUERY_VALUE_DATUM_H_
