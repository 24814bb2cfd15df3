// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Fields of text, dates, identifiers, bytes and free-form documents.
#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "models/decode_error.h"
#include "models/utf8.h"
#include "models/value_type.h"
#include "quern/base/error.h"
#include "quern/models/internal/value_table.h"

namespace quern::internal {
namespace {

ValueInfo info_of(bson::Type type) {
  ValueInfo info;
  info.type = type;
  return info;
}

class StringFieldType final : public ValueType {
 public:
  StringFieldType(int max_length, bool allow_blank)
      : ValueType(describe(max_length, allow_blank)),
        max_length_(static_cast<std::size_t>(max_length)) {}

  void encode(const void* value, bson::Builder& out, std::string_view key) const override {
    const auto& text = *static_cast<const std::string*>(value);
    expect_utf8(text);
    out.append(key, text);
  }
  void decode(void* value, bson::ValueView stored, const DecodePath& path) const override {
    expect_type(bson::Type::kString, stored, path);
    static_cast<std::string*>(value)->assign(stored.as_string());
  }
  void validate(const void* value, Faults& faults) const override {
    const auto& text = *static_cast<const std::string*>(value);
    if (text.empty() && !info().allow_blank) return faults.add("This field cannot be blank.");
    const std::optional<std::size_t> length = code_points(text);
    if (!length) return faults.add(kNotUtf8);
    if (max_length_ > 0 && *length > max_length_) {
      faults.add(fmt::format("Ensure this value has at most {} character{} (it has {}).",
                             max_length_, max_length_ == 1 ? "" : "s", *length));
    }
  }

 private:
  static ValueInfo describe(int max_length, bool allow_blank) {
    ValueInfo info = info_of(bson::Type::kString);
    info.allow_blank = allow_blank;
    if (max_length > 0) info.max_length = max_length;
    return info;
  }

  std::size_t max_length_;
};

class DateType final : public ValueType {
 public:
  DateType() : ValueType(info_of(bson::Type::kDate)) {}
  void encode(const void* value, bson::Builder& out, std::string_view key) const override {
    out.append(key, bson::Date{static_cast<const Timestamp*>(value)->time_since_epoch().count()});
  }
  void decode(void* value, bson::ValueView stored, const DecodePath& path) const override {
    expect_type(bson::Type::kDate, stored, path);
    *static_cast<Timestamp*>(value) =
        Timestamp(std::chrono::milliseconds(stored.as_date().milliseconds));
  }
  void validate(const void* value, Faults& faults) const override {
    constexpr Timestamp kFirst = std::chrono::sys_days(std::chrono::year(1) / 1 / 1);
    constexpr Timestamp kEnd = std::chrono::sys_days(std::chrono::year(10000) / 1 / 1);
    const Timestamp date = *static_cast<const Timestamp*>(value);
    if (date < kFirst || date >= kEnd)
      faults.add("Ensure this date is between the years 1 and 9999.");
  }
};

class CalendarDateType final : public ValueType {
 public:
  CalendarDateType() : ValueType(info_of(bson::Type::kDate)) {}
  void encode(const void* value, bson::Builder& out, std::string_view key) const override {
    const auto& date = *static_cast<const std::chrono::year_month_day*>(value);
    const Timestamp midnight = std::chrono::sys_days(date);
    out.append(key, bson::Date{midnight.time_since_epoch().count()});
  }
  void decode(void* value, bson::ValueView stored, const DecodePath& path) const override {
    expect_type(bson::Type::kDate, stored, path);
    constexpr Timestamp kFirst = std::chrono::sys_days(std::chrono::year(-9999) / 1 / 1);
    constexpr Timestamp kEnd = std::chrono::sys_days(std::chrono::year(10000) / 1 / 1);
    const Timestamp time{std::chrono::milliseconds(stored.as_date().milliseconds)};
    if (time < kFirst || time >= kEnd)
      bad_stored_value(path, "the stored date is beyond year 9999");
    const auto day = std::chrono::floor<std::chrono::days>(time);
    if (day != time) bad_stored_value(path, "the stored date has a time of day; use sys_time");
    *static_cast<std::chrono::year_month_day*>(value) = std::chrono::year_month_day(day);
  }
  void validate(const void* value, Faults& faults) const override {
    const auto& date = *static_cast<const std::chrono::year_month_day*>(value);
    if (!date.ok()) return faults.add("Enter a valid date.");
    if (date.year() < std::chrono::year(1) || date.year() > std::chrono::year(9999)) {
      faults.add("Ensure this date is between the years 1 and 9999.");
    }
  }
};

class ObjectIdType final : public ValueType {
 public:
  ObjectIdType() : ValueType(info_of(bson::Type::kObjectId)) {}
  void encode(const void* value, bson::Builder& out, std::string_view key) const override {
    out.append(key, *static_cast<const ObjectId*>(value));
  }
  void decode(void* value, bson::ValueView stored, const DecodePath& path) const override {
    expect_type(bson::Type::kObjectId, stored, path);
    *static_cast<ObjectId*>(value) = stored.as_object_id();
  }
};

// Keeps the database that the Id remembers.
class IdType final : public ValueType {
 public:
  IdType() : ValueType(info_of(bson::Type::kObjectId)) {}
  void encode(const void* value, bson::Builder& out, std::string_view key) const override {
    out.append(key, static_cast<const Id*>(value)->value());
  }
  void decode(void* value, bson::ValueView stored, const DecodePath& path) const override {
    expect_type(bson::Type::kObjectId, stored, path);
    auto& id = *static_cast<Id*>(value);
    Id decoded(stored.as_object_id());
    decoded.remember(id.database());
    id = std::move(decoded);
  }
  const void* content(const void* value) const override {
    return static_cast<const Id*>(value)->is_set() ? value
                                                   : nullptr;  // an unset Id is as good as none
  }
};

class UuidType final : public ValueType {
 public:
  UuidType() : ValueType(info_of(bson::Type::kBinary)) {}
  void encode(const void* value, bson::Builder& out, std::string_view key) const override {
    out.append(key, *static_cast<const Uuid*>(value));
  }
  void decode(void* value, bson::ValueView stored, const DecodePath& path) const override {
    if (!stored.is_binary(bson::BinarySubtype::kUuid))
      wrong_type(path, "a UUID (binData 4)", stored);
    if (stored.as_binary().bytes.size() != Uuid::kSize)
      bad_stored_value(path, "not a UUID of 16 bytes");
    *static_cast<Uuid*>(value) = stored.as_uuid();
  }
};

class BinaryType final : public ValueType {
 public:
  explicit BinaryType(BinaryOperations operations)
      : ValueType(info_of(bson::Type::kBinary)), operations_(operations) {}
  void encode(const void* value, bson::Builder& out, std::string_view key) const override {
    out.append(key, bson::Binary{bson::BinarySubtype::kGeneric, operations_.bytes(value)});
  }
  void decode(void* value, bson::ValueView stored, const DecodePath& path) const override {
    if (!stored.is_binary(bson::BinarySubtype::kGeneric))
      wrong_type(path, "bytes (binData 0)", stored);
    operations_.assign(value, stored.as_binary().bytes);
  }

 private:
  BinaryOperations operations_;
};

class DocumentType final : public ValueType {
 public:
  DocumentType() : ValueType(info_of(bson::Type::kDocument)) {}
  void encode(const void* value, bson::Builder& out, std::string_view key) const override {
    const auto& document = *static_cast<const bson::Document*>(value);
    bson::validate(document.bytes());
    out.append(key, document);
  }
  void decode(void* value, bson::ValueView stored, const DecodePath& path) const override {
    expect_type(bson::Type::kDocument, stored, path);
    *static_cast<bson::Document*>(value) = bson::Document(stored.as_document());
  }
  void validate(const void* value, Faults& faults) const override {
    try {
      bson::validate(static_cast<const bson::Document*>(value)->bytes());
    } catch (const Error& error) {  // says where, and no value
      faults.add(error.what());
    }
  }
};

}  // namespace

const ValueType& make_string_type(int max_length, bool allow_blank) {
  return *new StringFieldType(max_length, allow_blank);
}
const ValueType& make_date_type() { return *new DateType(); }
const ValueType& make_calendar_date_type() { return *new CalendarDateType(); }
const ValueType& make_object_id_type() { return *new ObjectIdType(); }
const ValueType& make_id_type() { return *new IdType(); }
const ValueType& make_uuid_type() { return *new UuidType(); }
const ValueType& make_document_type() { return *new DocumentType(); }
const ValueType& make_binary_type(BinaryOperations operations) {
  return *new BinaryType(operations);
}

}  // namespace quern::internal
