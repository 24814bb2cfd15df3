// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Options of field types, given as template arguments:
//
//   Encrypted<Char<11>, equality>                 can be found by value
//   Encrypted<Char<11>, equality(contention(4))>  the same, with MongoDB's contention factor
//   Encrypted<std::string, wipe>                  overwrites its memory when it goes
//   Char<50, allow_blank>                         may be empty
#ifndef QUERN_MODELS_OPTIONS_H_
#define QUERN_MODELS_OPTIONS_H_

#include <cstdint>
#include <type_traits>

namespace quern {

// How many counters equal values are spread over: the higher, the less an observer of live traffic
// learns about frequent values and the more work a query is. The server's default is 8.
struct Contention {
  std::int64_t factor;
};
consteval Contention contention(std::int64_t factor) { return {factor}; }

struct Equality {
  std::int64_t contention = -1;  // -1: the server's default
  consteval Equality operator()(Contention c) const { return {c.factor}; }
};
inline constexpr Equality equality{};

struct Wipe {};
inline constexpr Wipe wipe{};

struct AllowBlank {};
inline constexpr AllowBlank allow_blank{};

// In Meta, unique(&Patient::patient_id) is a constraint (meta.h); encrypted fields have none.
struct ConstraintInfo;
struct Unique {
  template <class... Paths>
  ConstraintInfo operator()(const Paths&... paths) const;
};
inline constexpr Unique unique{};

// Declared so that using them is answered with a sentence; see the assertions of Encrypted.
struct DbIndex {};
inline constexpr DbIndex db_index{};
struct Range {
  template <class T, class U, class... More>
  consteval Range operator()(T, U, More...) const {
    return {};
  }
};
inline constexpr Range range{};
struct TextQuery {
  template <class... Lengths>
  consteval TextQuery operator()(Lengths...) const {
    return {};
  }
};
inline constexpr TextQuery prefix{};
inline constexpr TextQuery suffix{};
inline constexpr TextQuery substring{};

namespace internal {
template <class Option, auto... Options>
inline constexpr bool has_option =
    (std::is_same_v<std::remove_cvref_t<decltype(Options)>, Option> || ...);

template <class Option, class T>
constexpr void pick_option(Option& found, const T& option) {
  if constexpr (std::is_same_v<Option, T>) found = option;
}
template <class Option, auto... Options>
consteval Option option_or(Option found) {
  (pick_option(found, Options), ...);
  return found;
}
}  // namespace internal

}  // namespace quern

#endif  // QUERN_MODELS_OPTIONS_H_
