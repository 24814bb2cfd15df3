// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Which kind of field a C++ type is.
#ifndef QUERN_MODELS_INTERNAL_TYPE_TRAITS_H_
#define QUERN_MODELS_INTERNAL_TYPE_TRAITS_H_

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "quern/models/char.h"
#include "quern/models/decimal.h"
#include "quern/models/id.h"
#include "quern/models/internal/reflect.h"
#include "quern/models/options.h"

namespace quern {

class ObjectId;
class Uuid;
namespace bson {
class Document;
}

// Specialise it to store a type of your own as another type:
//
//   template <>
//   struct quern::codec<Colour> {
//     using stored = std::string;
//     static std::string to_stored(const Colour& colour);
//     static Colour from_stored(const std::string& text);  // throws quern::Error for bad values
//   };
template <class T>
struct codec;

template <class T, auto... Options>
class Encrypted;

namespace internal {

// False, for assertions of templates that exist to be refused.
template <class...>
inline constexpr bool refused = false;

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <>
inline constexpr bool is_vector<std::vector<std::byte>> = false;  // binary
template <>
inline constexpr bool is_vector<std::vector<std::uint8_t>> = false;

template <class T>
inline constexpr bool is_binary =
    std::is_same_v<T, std::vector<std::byte>> || std::is_same_v<T, std::vector<std::uint8_t>>;

template <class T>
inline constexpr bool is_duration = false;
template <class Rep, class Period>
inline constexpr bool is_duration<std::chrono::duration<Rep, Period>> = true;

template <class T>
inline constexpr bool is_sys_time = false;
template <class Duration>
inline constexpr bool is_sys_time<std::chrono::sys_time<Duration>> = true;
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

template <class T>
concept Codable = requires {
  typename codec<T>::stored;
};
template <class T>
concept DecimalType = std::derived_from<T, DecimalValue>;
template <class T>
concept StringType = std::derived_from<T, std::string>;

template <class T>
inline constexpr bool is_std_array = false;
template <class T, std::size_t N>
inline constexpr bool is_std_array<std::array<T, N>> = true;

// A struct that is stored as a document.
template <class T>
concept Embedded = std::is_class_v<T> && std::is_aggregate_v<T> && !is_std_array<T> && !Codable<T>;

template <class T>
inline constexpr bool is_encrypted = false;
template <class T, auto... Options>
inline constexpr bool is_encrypted<Encrypted<T, Options...>> = true;

// What a type is stored as: codecs lead to another type.
template <class T>
struct StoredAs {
  using type = T;
};
template <Codable T>
struct StoredAs<T> {
  using type = typename StoredAs<typename codec<T>::stored>::type;
};
template <class T>
using stored_t = typename StoredAs<T>::type;

// The type inside Encrypted and, for paths, inside optional.
template <class T>
struct Unwrap {
  using type = T;
};
template <class T, auto... Options>
struct Unwrap<Encrypted<T, Options...>> {
  using type = T;
};
template <class T>
struct Unwrap<std::optional<T>> : Unwrap<T> {};
template <class T>
using unwrap_t = typename Unwrap<T>::type;

template <class T>
concept EqualityQueryable = !std::floating_point<stored_t<T>> && !DecimalType<stored_t<T>>;

// True when a value of T holds, at any depth, an encrypted member.
template <class T>
consteval bool contains_encrypted();
template <class... M>
consteval bool any_contains_encrypted(TypeList<M...>) {
  return (contains_encrypted<M>() || ...);
}
template <class T>
consteval bool contains_encrypted() {
  if constexpr (is_encrypted<T>) {
    return true;
  } else if constexpr (is_optional<T> || is_vector<T>) {
    return contains_encrypted<typename T::value_type>();
  } else if constexpr (Embedded<T>) {
    return any_contains_encrypted(member_types<T>{});
  } else {
    return false;
  }
}

// True when T is reachable from its own members.
template <class T, class... Outer>
consteval bool contains_itself();
template <class... M, class... Outer>
consteval bool any_contains_itself(TypeList<M...>, TypeList<Outer...>) {
  return (contains_itself<M, Outer...>() || ...);
}
template <class T, class... Outer>
consteval bool contains_itself() {
  if constexpr (is_encrypted<T> || is_optional<T> || is_vector<T>) {
    return contains_itself<typename T::value_type, Outer...>();
  } else if constexpr (Embedded<T>) {
    if constexpr ((std::is_same_v<T, Outer> || ...)) {
      return true;
    } else {
      return any_contains_itself(member_types<T>{}, TypeList<T, Outer...>{});
    }
  } else {
    return false;
  }
}

}  // namespace internal

}  // namespace quern

#endif  // QUERN_MODELS_INTERNAL_TYPE_TRAITS_H_
