// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The table of supported types: value_type<T>() is its row for a C++ type, or a sentence of the
// compiler.
#ifndef QUERN_MODELS_INTERNAL_VALUE_TABLE_H_
#define QUERN_MODELS_INTERNAL_VALUE_TABLE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "quern/base/export.h"
#include "quern/models/choices.h"
#include "quern/models/encrypted.h"
#include "quern/models/internal/type_traits.h"

namespace quern {

struct ModelInfo;
class ValueType;  // value_type.h

template <class T>
const ValueType& value_type();
template <class T>
const ModelInfo& model_info();

namespace internal {

// One row a kind of type; src/models/*_types.cc hold the classes. What they give lives for ever.
QUERN_EXPORT const ValueType& make_bool_type();
QUERN_EXPORT const ValueType& make_integer_type(std::size_t size, bool is_signed);
QUERN_EXPORT const ValueType& make_double_type(std::size_t size);
QUERN_EXPORT const ValueType& make_string_type(int max_length,
                                               bool allow_blank);  // max_length 0: no limit
QUERN_EXPORT const ValueType& make_decimal_type(int max_digits, int decimal_places);
QUERN_EXPORT const ValueType& make_date_type();           // sys_time<milliseconds>
QUERN_EXPORT const ValueType& make_calendar_date_type();  // year_month_day
QUERN_EXPORT const ValueType& make_duration_type(std::size_t size,
                                                 std::int64_t milliseconds_a_tick);
QUERN_EXPORT const ValueType& make_object_id_type();
QUERN_EXPORT const ValueType& make_id_type();
QUERN_EXPORT const ValueType& make_uuid_type();
QUERN_EXPORT const ValueType& make_document_type();
QUERN_EXPORT const ValueType& make_struct_type(const ModelInfo& model);

struct EnumChoice {
  std::int64_t value;
  std::string_view name;
};
QUERN_EXPORT const ValueType& make_enum_type(std::size_t size, bool is_signed,
                                             std::vector<EnumChoice> choices);

struct BinaryOperations {
  BytesView (*bytes)(const void*);
  void (*assign)(void*, BytesView);
};
QUERN_EXPORT const ValueType& make_binary_type(BinaryOperations operations);

struct OptionalOperations {
  const void* (*get)(const void*);  // null when empty
  void* (*emplace)(void*);
  void (*reset)(void*);
};
QUERN_EXPORT const ValueType& make_optional_type(const ValueType& value,
                                                 OptionalOperations operations);

struct VectorOperations {
  std::size_t (*size)(const void*);
  const void* (*at)(const void*, std::size_t);
  void (*clear)(void*);
  void* (*append)(void*);  // a new element at the end
};
QUERN_EXPORT const ValueType& make_vector_type(const ValueType& element,
                                               VectorOperations operations);

struct CodecOperations {
  // Calls use with the address of the stored form of *value.
  void (*to_stored)(const void* value, void* context,
                    void (*use)(void* context, const void* stored));
  void (*from_stored)(void* value, void* context, void (*fill)(void* context, void* stored));
};
QUERN_EXPORT const ValueType& make_codec_type(const ValueType& stored, CodecOperations operations);

// The address that the type's ValueType expects: of the base for types that derive from one.
template <class T>
void* value_address(T& value) {
  if constexpr (StringType<T>) {
    return static_cast<std::string*>(&value);
  } else if constexpr (DecimalType<T>) {
    return static_cast<DecimalValue*>(&value);
  } else if constexpr (is_encrypted<T>) {
    return value_address(*value);
  } else {
    return __builtin_addressof(value);
  }
}
template <class T>
const void* value_address(const T& value) {
  return value_address(const_cast<T&>(value));
}

template <class E>
const ValueType& make_enum_type_of() {
  static_assert(sizeof(E) < 8 || std::is_signed_v<std::underlying_type_t<E>>,
                "an enum of 64 unsigned bits does not fit BSON's long.");
  std::vector<EnumChoice> list;
  for (const auto& choice : choices<E>) {
    list.push_back({static_cast<std::int64_t>(choice.value), choice.name});
  }
  return make_enum_type(sizeof(E), std::is_signed_v<std::underlying_type_t<E>>, std::move(list));
}

template <class T>
const ValueType& make_optional_type_of() {
  return make_optional_type(
      value_type<typename T::value_type>(),
      {[](const void* p) -> const void* {
         const auto& value = *static_cast<const T*>(p);
         return value ? value_address(*value) : nullptr;
       },
       [](void* p) -> void* { return value_address(static_cast<T*>(p)->emplace()); },
       [](void* p) { static_cast<T*>(p)->reset(); }});
}

template <class T>
const ValueType& make_vector_type_of() {
  static_assert(!std::is_same_v<T, std::vector<bool>>,
                "std::vector<bool> cannot be stored: use std::vector<std::int32_t>.");
  static_assert(!contains_encrypted<typename T::value_type>(),
                "arrays cannot contain encrypted fields: encrypt the whole array, "
                "quern::Encrypted<std::vector<T>>.");
  return make_vector_type(
      value_type<typename T::value_type>(),
      {[](const void* p) { return static_cast<const T*>(p)->size(); },
       [](const void* p, std::size_t i) { return value_address((*static_cast<const T*>(p))[i]); },
       [](void* p) { static_cast<T*>(p)->clear(); },
       [](void* p) -> void* { return value_address(static_cast<T*>(p)->emplace_back()); }});
}

template <class T>
const ValueType& make_binary_type_of() {
  using Byte = typename T::value_type;
  return make_binary_type({[](const void* p) {
                             const T& value = *static_cast<const T*>(p);
                             return BytesView(reinterpret_cast<const std::uint8_t*>(value.data()),
                                              value.size());
                           },
                           [](void* p, BytesView bytes) {
                             const auto* begin = reinterpret_cast<const Byte*>(bytes.data());
                             static_cast<T*>(p)->assign(begin, begin + bytes.size());
                           }});
}

template <class T>
const ValueType& make_codec_type_of() {
  using Stored = typename codec<T>::stored;
  return make_codec_type(value_type<Stored>(),
                         {[](const void* value, void* context, void (*use)(void*, const void*)) {
                            const Stored stored =
                                codec<T>::to_stored(*static_cast<const T*>(value));
                            use(context, value_address(stored));
                          },
                          [](void* value, void* context, void (*fill)(void*, void*)) {
                            Stored stored{};
                            fill(context, value_address(stored));
                            *static_cast<T*>(value) = codec<T>::from_stored(stored);
                          }});
}

template <class T>
consteval std::int64_t milliseconds_a_tick() {
  using std::chrono::milliseconds;
  static_assert(std::is_integral_v<typename T::rep> && std::is_signed_v<typename T::rep>,
                "a duration is stored in whole milliseconds: use std::chrono::milliseconds or "
                "coarser, with an integer representation.");
  using Ratio = std::ratio_divide<typename T::period, std::milli>;
  static_assert(Ratio::den == 1,
                "a duration is stored in whole milliseconds: use std::chrono::milliseconds or "
                "coarser, with an integer representation.");
  return Ratio::num;
}

template <class... M>
consteval int count_ids(TypeList<M...>) {
  return (0 + ... + (std::is_same_v<M, Id> ? 1 : 0));
}

template <class T>
const ValueType& make_embedded_type_of() {
  static_assert(count_ids(member_types<T>{}) == 0,
                "a struct with a quern::Id is a collection of its own and cannot be embedded.");
  return make_struct_type(model_info<T>());
}

template <class T>
const ValueType& make_value_type() {
  if constexpr (Codable<T>) {
    return make_codec_type_of<T>();
  } else if constexpr (std::is_same_v<T, bool>) {
    return make_bool_type();
  } else if constexpr (std::is_integral_v<T>) {
    static_assert(sizeof(T) < 8 || std::is_signed_v<T>,
                  "std::uint64_t does not fit BSON's long: use std::int64_t.");
    return make_integer_type(sizeof(T), std::is_signed_v<T>);
  } else if constexpr (std::is_floating_point_v<T>) {
    static_assert(sizeof(T) <= 8, "long double does not fit BSON's double: use double.");
    return make_double_type(sizeof(T));
  } else if constexpr (StringType<T>) {
    if constexpr (requires { T::kMaxLength; }) {
      return make_string_type(T::kMaxLength, T::kAllowBlank);
    } else {
      return make_string_type(0, true);
    }
  } else if constexpr (DecimalType<T> && requires { T::kMaxDigits; }) {
    return make_decimal_type(T::kMaxDigits, T::kDecimalPlaces);
  } else if constexpr (std::is_enum_v<T>) {
    return make_enum_type_of<T>();
  } else if constexpr (is_sys_time<T>) {
    static_assert(std::is_same_v<T, Timestamp>,
                  "dates are stored in milliseconds: use "
                  "std::chrono::sys_time<std::chrono::milliseconds> and floor() or cast to it.");
    return make_date_type();
  } else if constexpr (std::is_same_v<T, std::chrono::year_month_day>) {
    return make_calendar_date_type();
  } else if constexpr (is_duration<T>) {
    return make_duration_type(sizeof(typename T::rep), milliseconds_a_tick<T>());
  } else if constexpr (std::is_same_v<T, Id>) {
    return make_id_type();
  } else if constexpr (std::is_same_v<T, ObjectId>) {
    return make_object_id_type();
  } else if constexpr (std::is_same_v<T, Uuid>) {
    return make_uuid_type();
  } else if constexpr (std::is_same_v<T, bson::Document>) {
    return make_document_type();
  } else if constexpr (is_binary<T>) {
    return make_binary_type_of<T>();
  } else if constexpr (is_optional<T>) {
    return make_optional_type_of<T>();
  } else if constexpr (is_vector<T>) {
    return make_vector_type_of<T>();
  } else if constexpr (Embedded<T>) {
    return make_embedded_type_of<T>();
  } else {
    static_assert(Embedded<T>,
                  "this type cannot be stored: use a supported field type, or specialise "
                  "quern::codec for it.");
    return make_bool_type();  // after an error
  }
}

template <class T>
const ValueType& plain_value_type() {
  static const ValueType& type = make_value_type<T>();
  return type;
}

}  // namespace internal

// The row for T; for Encrypted<T> the row of its plaintext.
template <class T>
const ValueType& value_type() {
  if constexpr (internal::is_encrypted<T>) {
    static_assert(!internal::contains_encrypted<typename T::value_type>(),
                  "encrypted embedded models cannot contain encrypted fields: the whole "
                  "subdocument is encrypted already.");
    return internal::plain_value_type<typename T::value_type>();
  } else {
    return internal::plain_value_type<T>();
  }
}

}  // namespace quern

#endif  // QUERN_MODELS_INTERNAL_VALUE_TABLE_H_
