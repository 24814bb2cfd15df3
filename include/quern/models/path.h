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

#include <cstddef>
#include <string_view>
#include <type_traits>

#include "quern/base/export.h"
#include "quern/models/model.h"

namespace quern {

// What a path leads through before its last member.
struct Steps {
  bool vector = false;
  bool optional = false;
};

template <class Root, class Leaf, Steps Through = Steps{}>
struct Path {
  using root = Root;
  using leaf = Leaf;
  using value = internal::unwrap_t<Leaf>;  // what conditions compare with
  static constexpr Steps kThrough = Through;
  static constexpr bool kEncrypted = internal::is_encrypted<Leaf>;

  std::string_view text;  // stored, dotted; lives for ever
};

namespace internal {

template <class P>
inline constexpr bool is_path = false;
template <class Root, class Leaf, Steps Through>
inline constexpr bool is_path<Path<Root, Leaf, Through>> = true;

template <class V>
using IfNotPath = std::enable_if_t<!is_path<V>>;

// The column of the member at that offset.
QUERN_EXPORT std::string_view column_at(const StructFields& fields, std::size_t offset);
// "first.rest"; there is one text for all that are equal.
QUERN_EXPORT std::string_view joined_path(std::string_view first, std::string_view rest);

// The struct that the next step of a path starts from.
template <class M>
struct NextOwner {
  using type = M;
};
template <class T>
struct NextOwner<std::optional<T>> : NextOwner<T> {};
template <class T>
struct NextOwner<std::vector<T>> : NextOwner<T> {};

template <class M>
consteval Steps steps_through(Steps more) {
  if constexpr (is_optional<M>) {
    return steps_through<typename M::value_type>({more.vector, true});
  } else if constexpr (is_vector<M>) {
    return steps_through<typename M::value_type>({true, more.optional});
  } else {
    return more;
  }
}

template <class Root, class Tail, class M>
auto prepend(std::string_view step, const Tail& tail) {
  constexpr Steps kThrough = steps_through<M>(Tail::kThrough);
  return Path<Root, typename Tail::leaf, kThrough>{joined_path(step, tail.text)};
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

// A path of a model whose end doesn't matter.
template <class Root>
struct AnyPath {
  std::string_view text;
  template <class Leaf, Steps Through>
  AnyPath(const Path<Root, Leaf, Through>& path) : text(path.text) {}
  template <class M>
  AnyPath(M Root::*member) : text(f(member).text) {}
};

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
