// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Options of field types, given as template arguments (those for queries are in query_types.h):
//
//   Encrypted<std::string, wipe>                  overwrites its memory when it goes
//   Char<50, allow_blank>                         may be empty
#ifndef QUERN_MODELS_OPTIONS_H_
#define QUERN_MODELS_OPTIONS_H_

#include <type_traits>

namespace quern {

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

namespace internal {
template <class Option, auto... Options>
inline constexpr bool has_option =
    (std::is_same_v<std::remove_cvref_t<decltype(Options)>, Option> || ...);
}  // namespace internal

}  // namespace quern

#endif  // QUERN_MODELS_OPTIONS_H_
