// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What a model's nested Meta is made of: columns, orders, indexes, constraints. Members are named
// by member pointers or by paths; an encrypted one is refused by the compiler.
#ifndef QUERN_MODELS_META_H_
#define QUERN_MODELS_META_H_

#include <string>
#include <utility>

#include "quern/base/export.h"
#include "quern/models/path.h"

namespace quern {

// column(&Patient::patient_id, "number"): the stored name of a member.
template <class M, class C>
Column column(M C::*member, std::string name) {
  return {&internal::prototype<C>(), internal::offset_of(member), std::move(name)};
}

// One key of an order or an index of a model.
template <class Root>
struct OrderTerm : IndexKey {
  using root = Root;
};

namespace internal {

template <class P, int Direction>
auto order_term(const P& path) {
  using Given = path_t<P>;
  static_assert(!touches_encrypted<Given>, "order_by() does not work on an encrypted field");
  return OrderTerm<typename Given::root>{{std::string(as_path(path).text), Direction}};
}

template <class Root>
OrderTerm<Root> as_order_term(const OrderTerm<Root>& term) {
  return term;
}
template <class P>
auto as_order_term(const P& path) {
  return order_term<P, 1>(path);
}

template <class P>
IndexKey as_index_key(const P& path) {
  if constexpr (std::is_base_of_v<IndexKey, P>) {
    return path;
  } else {
    static_assert(!touches_encrypted<path_t<P>>, "Encrypted fields do not support db_index.");
    return {std::string(as_path(path).text), 1};
  }
}

// "name_1_age_-1", as MongoDB names indexes.
QUERN_EXPORT std::string index_name(const std::vector<IndexKey>& keys);
QUERN_EXPORT std::string constraint_name(const std::vector<std::string>& paths);

template <class P>
std::string unique_path(const P& path) {
  static_assert(!touches_encrypted<path_t<P>>, "Encrypted fields do not support unique.");
  return std::string(as_path(path).text);
}

}  // namespace internal

template <class P>
auto asc(const P& path) {
  return internal::order_term<P, 1>(path);
}
template <class P>
auto desc(const P& path) {
  return internal::order_term<P, -1>(path);
}

// index(&Patient::name), index(&Patient::name, desc(&Patient::patient_id)).
template <class... Paths>
IndexInfo index(const Paths&... paths) {
  IndexInfo info;
  info.keys = {internal::as_index_key(paths)...};
  info.name = internal::index_name(info.keys);
  return info;
}

// unique(&Patient::patient_id): no two documents have the same values there.
template <class... Paths>
ConstraintInfo Unique::operator()(const Paths&... paths) const {
  ConstraintInfo info;
  info.paths = {internal::unique_path(paths)...};
  info.name = internal::constraint_name(info.paths);
  return info;
}

// The same under another name.
inline IndexInfo named(std::string name, IndexInfo index) {
  index.name = std::move(name);
  return index;
}
inline ConstraintInfo named(std::string name, ConstraintInfo constraint) {
  constraint.name = std::move(name);
  return constraint;
}

}  // namespace quern

#endif  // QUERN_MODELS_META_H_
