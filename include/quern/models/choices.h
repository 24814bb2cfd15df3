// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Enumerations as fields. An enum is stored as its number unless its values are named, then it is
// stored by name and other values are faults:
//
//   template <>
//   inline constexpr auto quern::choices<Status> =
//       quern::named<Status>({{Status::kActive, "active"}, {Status::kClosed, "closed"}});
#ifndef QUERN_MODELS_CHOICES_H_
#define QUERN_MODELS_CHOICES_H_

#include <array>
#include <cstddef>
#include <string_view>

namespace quern {

template <class E>
struct Choice {
  E value;
  std::string_view name;
};

template <class E, std::size_t N>
constexpr std::array<Choice<E>, N> named(const Choice<E> (&choices)[N]) {
  return std::to_array(choices);
}

template <class E>
inline constexpr std::array<Choice<E>, 0> choices{};

}  // namespace quern

#endif  // QUERN_MODELS_CHOICES_H_
