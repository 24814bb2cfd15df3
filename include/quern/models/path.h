// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Paths to members, for conditions, orders, updates and indexes:
//
//   f(&Patient::name)                                    "name"
//   f(&Patient::patient_record, &PatientRecord::ssn)     "patient_record.ssn"
//
// A path knows the struct it starts from and the member it ends at, so that the compiler refuses
// what the member, or its encryption, cannot do. Steps lead through nested structs, optionals and
// the elements of vectors, but not into an encrypted subdocument.
#ifndef QUERN_MODELS_PATH_H_
#define QUERN_MODELS_PATH_H_

#include <string>
#include <type_traits>
#include <vector>

#include "quern/models/model.h"

namespace quern {

// ThroughArray: a step before the last one is a vector.
template <class Root, class Leaf, bool ThroughArray = false>
struct Path {
  using root = Root;
  using leaf = Leaf;
  using value = internal::unwrap_t<Leaf>;  // what conditions compare with
  static constexpr bool kThroughArray = ThroughArray;
  static constexpr bool kEncrypted = internal::is_encrypted<Leaf>;

  std::string text;  // stored, dotted
};

// A path of a model whose end doesn't matter.
template <class Root>
struct AnyPath {
  std::string text;
  template <class Leaf, bool ThroughArray>
  AnyPath(const Path<Root, Leaf, ThroughArray>& path) : text(path.text) {}
};

namespace internal {

template <class P>
inline constexpr bool is_path = false;
template <class Root, class Leaf, bool ThroughArray>
inline constexpr bool is_path<Path<Root, Leaf, ThroughArray>> = true;

// The column of the member at that offset.
const std::string& column_at(std::span<const FieldInfo> fields, std::size_t offset);

// The struct that the next step of a path starts from.
template <class M>
struct NextOwner {
  using type = M;
};
template <class T>
struct NextOwner<std::optional<T>> : NextOwner<T> {};
template <class T>
struct NextOwner<std::vector<T>> : NextOwner<T> {};

template <class Root, class Tail, class M>
auto prepend(std::string step, const Tail& tail) {
  return Path < Root, typename Tail::leaf,
         Tail::kThroughArray || is_vector < M >> {step + "." + tail.text};
}

}  // namespace internal

template <class M, class C>
Path<C, M> f(M C::*member) {
  return {internal::column_at(internal::struct_fields<C>(), internal::offset_of(member))};
}

template <class M, class C, class N, class D, class... More>
auto f(M C::*member, N D::*next, More... more) {
  static_assert(!internal::is_encrypted<M>,
                "an encrypted subdocument is one ciphertext: there are no paths inside it.");
  static_assert(
      internal::is_encrypted<M> || std::is_same_v<typename internal::NextOwner<M>::type, D>,
      "path step mismatch: the next member pointer must belong to the type of the previous member");
  const auto tail = f(next, more...);
  return internal::prepend<C, std::remove_const_t<decltype(tail)>, M>(f(member).text, tail);
}

namespace internal {

// Paths are taken as paths or as single member pointers.
template <class P>
auto as_path(const P& path) {
  if constexpr (std::is_member_object_pointer_v<P>) {
    return f(path);
  } else {
    static_assert(is_path<P>, "a path is expected: quern::f(&Model::member) or &Model::member.");
    return path;
  }
}
template <class P>
using path_t = decltype(as_path(std::declval<const P&>()));

// True for a path that ends at, or above, something encrypted.
template <class P>
inline constexpr bool touches_encrypted = contains_encrypted<typename P::leaf>();

}  // namespace internal

}  // namespace quern

#endif  // QUERN_MODELS_PATH_H_
