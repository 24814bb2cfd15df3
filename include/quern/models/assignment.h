// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// set(&Patient::name, "Ann"), set(f(&Patient::record, &Record::ssn), "1"): one new value of an
// update. Validated when it is made; the update throws all faults together before anything is sent.
#ifndef QUERN_MODELS_ASSIGNMENT_H_
#define QUERN_MODELS_ASSIGNMENT_H_

#include <string>
#include <utility>

#include "quern/base/export.h"
#include "quern/models/expression.h"

namespace quern {

template <class Root>
struct Assignment {
  std::string path;
  bson::Value value;
  FaultMap faults;
};

namespace internal {

QUERN_EXPORT FaultMap validate_value(const ValueType& type, const void* value,
                                     std::string_view path, bool secret);

template <class Leaf>
struct AssignedType {
  using type = Leaf;
};
template <class T, auto... Options>
struct AssignedType<Encrypted<T, Options...>> {
  using type = T;
};

template <class P, class V>
struct AssignmentChecked {
  using T = typename AssignedType<typename P::leaf>::type;
  static_assert(!std::is_same_v<T, Id>, "the Id of a stored object cannot be set");
  static_assert(!P::kThrough.vector, "set() cannot step through a vector: set the vector");
  static_assert(P::kEncrypted || !touches_encrypted<P>,
                "a struct with encrypted members cannot be set as a whole: set its members");
  static_assert(comparable_with<T, V>() || (is_optional<T> && comparable_with<unwrap_t<T>, V>()),
                "this field cannot be set to a value of that type");
  using type = Assignment<typename P::root>;
};

}  // namespace internal

template <class R, class L, Steps S, class V>
typename internal::AssignmentChecked<Path<R, L, S>, std::decay_t<V>>::type set(
    const Path<R, L, S>& path, const V& value) {
  using T = typename internal::AssignedType<L>::type;
  const auto typed = [&]() -> T {
    if constexpr (internal::is_optional<T> &&
                  internal::comparable_with<internal::unwrap_t<T>, std::decay_t<V>>()) {
      return internal::converted<internal::unwrap_t<T>>(path.text, value);
    } else {
      return internal::converted<T>(path.text, value);
    }
  }();
  const ValueType& type = value_type<T>();
  const void* address = internal::value_address(typed);
  FaultMap faults = internal::validate_value(type, address, path.text, internal::is_encrypted<L>);
  if (!faults.empty()) return {path.text, {}, std::move(faults)};
  return {
      path.text, internal::encode_value(type, address, path.text, internal::is_encrypted<L>), {}};
}
template <class R, class L, class V>
typename internal::AssignmentChecked<Path<R, L>, std::decay_t<V>>::type set(L R::*member,
                                                                            const V& value) {
  return set(f(member), value);
}

}  // namespace quern

#endif  // QUERN_MODELS_ASSIGNMENT_H_
