// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// set(&Patient::name, "Ann"), set(f(&Patient::record, &Record::ssn), "1"): one new value of an
// update. Validated when it is made; the update throws all faults together before anything is sent.
#ifndef QUERN_MODELS_ASSIGNMENT_H_
#define QUERN_MODELS_ASSIGNMENT_H_

#include <initializer_list>
#include <string_view>

#include "quern/base/export.h"
#include "quern/models/expression.h"

namespace quern {

namespace internal {

// One new value, whatever the model. Its members are compiled once, in the library.
class QUERN_EXPORT AssignedValue {
 public:
  // Encodes the value, or finds its faults.
  AssignedValue(const ValueType& type, const void* from, std::string_view to, bool secret);
  AssignedValue(const AssignedValue& other);
  AssignedValue& operator=(const AssignedValue& other);
  ~AssignedValue();

  struct State;
  const State& state() const { return *state_; }

 private:
  State* state_;
};

// The new values of an update.
using AssignedValues = std::initializer_list<const AssignedValue*>;
// Throws ValidationError with the faults of all.
QUERN_EXPORT void refuse_faults(AssignedValues values);

}  // namespace internal

template <class Root>
struct Assignment : internal::AssignedValue {
  using AssignedValue::AssignedValue;
};

namespace internal {

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
  static constexpr bool kIsId = is_id_for_object_id<unwrap_t<T>, V>;
  static_assert(!kIsId, "this field is an ObjectId, not an Id: set it to id.value()");
  static_assert(kIsId || comparable_with<T, V>() ||
                    (is_optional<T> && comparable_with<unwrap_t<T>, V>()),
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
  return {value_type<T>(), internal::value_address(typed), path.text, internal::is_encrypted<L>};
}
template <class R, class L, class V>
typename internal::AssignmentChecked<Path<R, L>, std::decay_t<V>>::type set(L R::*member,
                                                                            const V& value) {
  return set(f(member), value);
}

}  // namespace quern

#endif  // QUERN_MODELS_ASSIGNMENT_H_
