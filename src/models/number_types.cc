// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Fields of numbers: bool, integers, floating point, decimals, durations, enumerations.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "models/decode_error.h"
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

// Integers of 1 to 8 bytes, signed or not, behind an untyped pointer.
struct IntegerMemory {
  std::size_t size;
  bool is_signed;

  std::int64_t load(const void* from) const {
    std::uint64_t bits = 0;
    std::memcpy(&bits, from, size);
    const int unused = 64 - static_cast<int>(size) * 8;
    if (!is_signed) return static_cast<std::int64_t>(bits);
    return static_cast<std::int64_t>(bits << unused) >> unused;
  }
  bool fits(std::int64_t value) const {
    if (size == 8) return is_signed || value >= 0;
    const std::int64_t span = std::int64_t{1} << (size * 8 - (is_signed ? 1 : 0));
    return value < span && value >= (is_signed ? -span : 0);
  }
  void store(void* to, std::int64_t value) const { std::memcpy(to, &value, size); }
  // The smallest BSON type that holds every value.
  bson::Type type() const {
    const bool fits_int = size < 4 || (size == 4 && is_signed);
    return fits_int ? bson::Type::kInt32 : bson::Type::kInt64;
  }
};

void append_integer(bson::Builder& out, std::string_view key, bson::Type type, std::int64_t value) {
  if (type == bson::Type::kInt32) {
    out.append(key, static_cast<std::int32_t>(value));
  } else {
    out.append(key, value);
  }
}

std::int64_t read_integer(bson::ValueView stored, bson::Type type, const DecodePath& path) {
  if (!stored.is_number()) wrong_type(path, bson::alias(type), stored);
  const std::optional<std::int64_t> number = stored.whole_number();
  if (!number) bad_stored_value(path, "the stored number is not a whole number of 64 bits");
  return *number;
}

class BoolType final : public ValueType {
 public:
  BoolType() : ValueType(info_of(bson::Type::kBool)) {}
  void encode(const void* value, bson::Builder& out, std::string_view key) const override {
    out.append(key, *static_cast<const bool*>(value));
  }
  void decode(void* value, bson::ValueView stored, const DecodePath& path) const override {
    expect_type(bson::Type::kBool, stored, path);
    *static_cast<bool*>(value) = stored.as_bool();
  }
};

class IntegerType final : public ValueType {
 public:
  explicit IntegerType(IntegerMemory memory) : ValueType(info_of(memory.type())), memory_(memory) {}
  void encode(const void* value, bson::Builder& out, std::string_view key) const override {
    append_integer(out, key, info().type, memory_.load(value));
  }
  void decode(void* value, bson::ValueView stored, const DecodePath& path) const override {
    const std::int64_t number = read_integer(stored, info().type, path);
    if (!memory_.fits(number)) bad_stored_value(path, "the stored number does not fit the member");
    memory_.store(value, number);
  }

 private:
  IntegerMemory memory_;
};

template <class F>
class DoubleType final : public ValueType {
 public:
  DoubleType() : ValueType(info_of(bson::Type::kDouble)) {}
  void encode(const void* value, bson::Builder& out, std::string_view key) const override {
    out.append(key, static_cast<double>(*static_cast<const F*>(value)));
  }
  void decode(void* value, bson::ValueView stored, const DecodePath& path) const override {
    if (!stored.is_number()) wrong_type(path, "double", stored);
    *static_cast<F*>(value) = static_cast<F>(stored.number());
  }
};

class DecimalFieldType final : public ValueType {
 public:
  DecimalFieldType(int max_digits, int decimal_places)
      : ValueType(describe(max_digits, decimal_places)),
        max_digits_(max_digits),
        decimal_places_(decimal_places) {}

  void encode(const void* value, bson::Builder& out, std::string_view key) const override {
    out.append(key, static_cast<const DecimalValue*>(value)->to_decimal128(decimal_places_));
  }

  void decode(void* value, bson::ValueView stored, const DecodePath& path) const override {
    auto& decimal = *static_cast<DecimalValue*>(value);
    if (stored.type() == bson::Type::kDecimal128) {
      try {
        decimal = DecimalValue::from_decimal128(stored.as_decimal());
      } catch (const Error&) {
        bad_stored_value(path, "the stored decimal is not a finite number of 34 digits");
      }
      return;
    }
    if (stored.type() != bson::Type::kInt32 && stored.type() != bson::Type::kInt64) {
      wrong_type(path, "decimal", stored);
    }
    decimal = DecimalValue(read_integer(stored, bson::Type::kDecimal128, path));
  }

  void validate(const void* value, Faults& faults) const override {
    const auto& decimal = *static_cast<const DecimalValue*>(value);
    if (decimal.decimal_places() > decimal_places_) {
      faults.add(
          fmt::format("Ensure that there are no more than {} decimal places.", decimal_places_));
    }
    if (decimal.digits() > max_digits_) {
      faults.add(
          fmt::format("Ensure that there are no more than {} digits in total.", max_digits_));
    } else if (decimal.digits() - decimal.decimal_places() > max_digits_ - decimal_places_) {
      faults.add(
          fmt::format("Ensure that there are no more than {} digits before the decimal point.",
                      max_digits_ - decimal_places_));
    }
  }

 private:
  static ValueInfo describe(int max_digits, int decimal_places) {
    ValueInfo info = info_of(bson::Type::kDecimal128);
    info.max_digits = max_digits;
    info.decimal_places = decimal_places;
    return info;
  }

  int max_digits_;
  int decimal_places_;
};

class DurationType final : public ValueType {
 public:
  DurationType(std::size_t size, std::int64_t milliseconds_a_tick)
      : ValueType(info_of(bson::Type::kInt64)), memory_{size, true}, factor_(milliseconds_a_tick) {}

  void encode(const void* value, bson::Builder& out, std::string_view key) const override {
    std::int64_t milliseconds = 0;
    if (__builtin_mul_overflow(memory_.load(value), factor_, &milliseconds)) {
      throw Error(ErrorCode::kOverflow, "a duration is longer than 64 bits of milliseconds");
    }
    out.append(key, milliseconds);
  }
  void decode(void* value, bson::ValueView stored, const DecodePath& path) const override {
    const std::int64_t milliseconds = read_integer(stored, bson::Type::kInt64, path);
    if (milliseconds % factor_ != 0 || !memory_.fits(milliseconds / factor_)) {
      bad_stored_value(path, "the stored duration does not fit the member's unit");
    }
    memory_.store(value, milliseconds / factor_);
  }
  void validate(const void* value, Faults& faults) const override {
    std::int64_t milliseconds = 0;
    if (__builtin_mul_overflow(memory_.load(value), factor_, &milliseconds)) {
      faults.add("Ensure this duration fits 64 bits of milliseconds.");
    }
  }

 private:
  IntegerMemory memory_;
  std::int64_t factor_;
};

// Stored by name when the values are named, by number otherwise.
class EnumType final : public ValueType {
 public:
  EnumType(IntegerMemory memory, std::vector<EnumChoice> choices)
      : ValueType(describe(memory, choices)), memory_(memory), choices_(std::move(choices)) {}

  void encode(const void* value, bson::Builder& out, std::string_view key) const override {
    const std::int64_t number = memory_.load(value);
    if (choices_.empty()) return append_integer(out, key, info().type, number);
    const auto found = std::ranges::find(choices_, number, &EnumChoice::value);
    if (found == choices_.end()) {
      throw Error(ErrorCode::kBadValue, "the value of an enumeration is not one of its choices");
    }
    out.append(key, found->name);
  }

  void decode(void* value, bson::ValueView stored, const DecodePath& path) const override {
    if (choices_.empty()) {
      const std::int64_t number = read_integer(stored, info().type, path);
      if (!memory_.fits(number))
        bad_stored_value(path, "the stored number does not fit the member");
      return memory_.store(value, number);
    }
    expect_type(bson::Type::kString, stored, path);
    const auto found = std::ranges::find(choices_, stored.as_string(), &EnumChoice::name);
    if (found == choices_.end())
      bad_stored_value(path, "the stored name is not one of the choices");
    memory_.store(value, found->value);
  }

  void validate(const void* value, Faults& faults) const override {
    if (choices_.empty()) return;
    const std::int64_t number = memory_.load(value);
    if (std::ranges::find(choices_, number, &EnumChoice::value) != choices_.end()) return;
    faults.add(faults.secret() ? std::string("The value is not a valid choice.")
                               : fmt::format("Value {} is not a valid choice.", number));
  }

 private:
  static ValueInfo describe(IntegerMemory memory, const std::vector<EnumChoice>& choices) {
    ValueInfo info = info_of(choices.empty() ? memory.type() : bson::Type::kString);
    for (const EnumChoice& choice : choices) {
      info.choices.push_back({std::string(choice.name), bson::Value::of(choice.name)});
    }
    return info;
  }

  IntegerMemory memory_;
  std::vector<EnumChoice> choices_;
};

}  // namespace

const ValueType& make_bool_type() { return *new BoolType(); }

const ValueType& make_integer_type(std::size_t size, bool is_signed) {
  return *new IntegerType(IntegerMemory{size, is_signed});
}

const ValueType& make_double_type(std::size_t size) {
  if (size == sizeof(float)) return *new DoubleType<float>();
  return *new DoubleType<double>();
}

const ValueType& make_decimal_type(int max_digits, int decimal_places) {
  return *new DecimalFieldType(max_digits, decimal_places);
}

const ValueType& make_duration_type(std::size_t size, std::int64_t milliseconds_a_tick) {
  return *new DurationType(size, milliseconds_a_tick);
}

const ValueType& make_enum_type(std::size_t size, bool is_signed, std::vector<EnumChoice> choices) {
  return *new EnumType(IntegerMemory{size, is_signed}, std::move(choices));
}

}  // namespace quern::internal
