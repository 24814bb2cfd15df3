// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/bson/view.h"

#include <cmath>

#include "bson/decimal.h"

namespace quern::bson {

std::size_t value_size(Type type, const std::uint8_t* p) {
  switch (type) {
    case Type::kEnd:
    case Type::kUndefined:
    case Type::kNull:
    case Type::kMinKey:
    case Type::kMaxKey:
      return 0;
    case Type::kBool:
      return 1;
    case Type::kInt32:
      return 4;
    case Type::kDouble:
    case Type::kDate:
    case Type::kTimestamp:
    case Type::kInt64:
      return 8;
    case Type::kObjectId:
      return 12;
    case Type::kDecimal128:
      return 16;
    case Type::kString:
    case Type::kCode:
    case Type::kSymbol:
      return 4 + std::size_t{load_le<std::uint32_t>(p)};
    case Type::kDocument:
    case Type::kArray:
    case Type::kCodeWithScope:
      return load_le<std::uint32_t>(p);
    case Type::kBinary:
      return 5 + std::size_t{load_le<std::uint32_t>(p)};
    case Type::kDbPointer:
      return 4 + std::size_t{load_le<std::uint32_t>(p)} + 12;
    case Type::kRegex: {
      const std::size_t pattern = std::strlen(reinterpret_cast<const char*>(p)) + 1;
      return pattern + std::strlen(reinterpret_cast<const char*>(p) + pattern) + 1;
    }
  }
  throw Error(ErrorCode::kInvalidBSON, "unknown BSON type");
}

void ValueView::type_mismatch(Type wanted) const {
  throw Error(ErrorCode::kTypeMismatch, "expected a value of type '" + std::string(alias(wanted)) +
                                            "', found '" + std::string(alias(type_)) + "'");
}

Binary ValueView::as_binary() const {
  expect(Type::kBinary);
  return {static_cast<BinarySubtype>(data_[4]), {data_ + 5, size_ - 5}};
}

Uuid ValueView::as_uuid() const {
  const Binary binary = as_binary();
  if (binary.subtype != BinarySubtype::kUuid) {
    throw Error(ErrorCode::kTypeMismatch,
                "expected a UUID (binary subtype 4), found binary subtype " +
                    std::to_string(static_cast<int>(binary.subtype)));
  }
  return Uuid::from_bytes(binary.bytes);
}

Regex ValueView::as_regex() const {
  expect(Type::kRegex);
  const std::string_view pattern(reinterpret_cast<const char*>(data_));
  return {pattern, reinterpret_cast<const char*>(data_) + pattern.size() + 1};
}

DbPointer ValueView::as_db_pointer() const {
  expect(Type::kDbPointer);
  return {{reinterpret_cast<const char*>(data_) + 4, load_le<std::uint32_t>(data_) - 1},
          ObjectId::from_bytes({data_ + size_ - 12, 12})};
}

ValueView::CodeAndScope ValueView::as_code_with_scope() const {
  expect(Type::kCodeWithScope);
  const std::uint32_t length = load_le<std::uint32_t>(data_ + 4);
  return {{reinterpret_cast<const char*>(data_) + 8, length - 1}, View(data_ + 8 + length)};
}

std::optional<std::int64_t> ValueView::whole_number() const {
  switch (type_) {
    case Type::kInt32:
      return as_int32();
    case Type::kInt64:
      return as_int64();
    case Type::kDouble: {
      const double value = as_double();
      if (!(value >= -0x1p63 && value < 0x1p63) || value != std::trunc(value)) return std::nullopt;
      return static_cast<std::int64_t>(value);
    }
    case Type::kDecimal128:
      return decimal_to_int64(as_decimal());
    default:
      return std::nullopt;
  }
}

double ValueView::number() const {
  switch (type_) {
    case Type::kInt32:
      return as_int32();
    case Type::kInt64:
      return static_cast<double>(as_int64());
    case Type::kDecimal128:
      return decimal_to_double(as_decimal());
    default:
      return as_double();
  }
}

bool ValueView::truthy() const {
  switch (type_) {
    case Type::kEnd:
    case Type::kNull:
    case Type::kUndefined:
      return false;
    case Type::kBool:
      return as_bool();
    case Type::kInt32:
      return as_int32() != 0;
    case Type::kInt64:
      return as_int64() != 0;
    case Type::kDouble:
      return as_double() != 0;
    case Type::kDecimal128: {
      const DecimalParts parts = decompose(as_decimal());
      return parts.kind != DecimalParts::Kind::kFinite || parts.coefficient != 0;
    }
    default:
      return true;
  }
}

View::View() {
  static constexpr std::uint8_t kEmpty[] = {5, 0, 0, 0, 0};
  data_ = kEmpty;
}

View View::parse(BytesView bytes) {
  validate(bytes);
  return View(bytes.data());
}

Element View::operator[](std::string_view key) const {
  for (const Element& element : *this) {
    if (element.key() == key) return element;
  }
  return {};
}

Element View::at_path(std::string_view dotted) const {
  View at = *this;
  for (;;) {
    const std::size_t dot = dotted.find('.');
    const Element element = at[dotted.substr(0, dot)];
    if (dot == dotted.npos || element.missing()) return element;
    if (!element.is_document() && !element.is_array()) return {};
    at = element.as_document_or_array();
    dotted.remove_prefix(dot + 1);
  }
}

std::size_t View::count() const {
  std::size_t n = 0;
  for ([[maybe_unused]] const Element& element : *this) ++n;
  return n;
}

}  // namespace quern::bson
