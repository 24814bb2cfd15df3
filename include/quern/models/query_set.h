// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Query sets: lazy, immutable descriptions of the objects of a model. Every method that narrows one
// returns a new one; nothing is sent before objects are asked for, and nothing is cached.
//
//   auto adults = db.objects<Patient>().filter(f(&Patient::age) >= 18);
//   for (const Patient& p : adults.order_by(f(&Patient::name)).limit(10)) …
//
// Copies share their description. A query set may be used by several threads if its session may.
#ifndef QUERN_MODELS_QUERY_SET_H_
#define QUERN_MODELS_QUERY_SET_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "quern/models/assignment.h"
#include "quern/models/errors.h"
#include "quern/models/expression.h"
#include "quern/models/internal/query.h"
#include "quern/models/meta.h"

namespace quern {

namespace internal {

// What values_list() gives for a path: nothing when an optional on the way is empty.
template <class P>
using ListedValue = std::conditional_t<P::kThrough.optional && !is_optional<typename P::leaf>,
                                       std::optional<typename P::leaf>, typename P::leaf>;

}  // namespace internal

// A query set that has been cut with limit() or offset(): it can be read, but neither filtered,
// ordered nor written any more.
template <class T>
class SlicedQuerySet {
 public:
  // Objects one by one, from a cursor.
  class Iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;

    explicit Iterator(const internal::Query& query) : cursor_(query) { ++*this; }
    const T& operator*() const { return object_; }
    const T* operator->() const { return &object_; }
    Iterator& operator++() {
      object_ = T{};
      if (cursor_.next()) cursor_.read(&object_);
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& at, std::default_sentinel_t) {
      return at.cursor_.at_end();
    }

   private:
    internal::Cursor cursor_;
    T object_{};
  };

  explicit SlicedQuerySet(internal::Query query) : query_(std::move(query)) {}

  Iterator begin() const { return Iterator(query_); }
  std::default_sentinel_t end() const { return {}; }

  SlicedQuerySet limit(std::int64_t count) const { return SlicedQuerySet(query_.limit(count)); }
  SlicedQuerySet offset(std::int64_t count) const { return SlicedQuerySet(query_.offset(count)); }

  // Refused with a sentence.
  template <class... A>
  auto filter(const A&...) const {
    return refuse_after_slice<A...>();
  }
  template <class... A>
  auto exclude(const A&...) const {
    return refuse_after_slice<A...>();
  }
  template <class... A>
  auto order_by(const A&...) const {
    return refuse_after_slice<A...>();
  }
  template <class... A>
  auto update(const A&...) const {
    return refuse_after_slice<A...>();
  }
  template <class... A>
  auto update_each(const A&...) const {
    return refuse_after_slice<A...>();
  }
  template <class... A>
  auto remove(const A&...) const {
    return refuse_after_slice<A...>();
  }

  // The only object. Throws DoesNotExist<T> or MultipleObjectsReturned<T>.
  T get() const {
    std::optional<T> object = try_get();
    if (!object) throw DoesNotExist<T>(internal::does_not_exist_text(query_.model()));
    return std::move(*object);
  }
  // Nothing in place of DoesNotExist.
  std::optional<T> try_get() const {
    T object{};
    const std::size_t found = query_.get(&object);
    if (found > 1) {
      throw MultipleObjectsReturned<T>(internal::multiple_objects_text(query_.model(), found));
    }
    if (found == 0) return std::nullopt;
    return object;
  }
  // The first one, by Id unless ordered otherwise.
  std::optional<T> first() const {
    T object{};
    if (!query_.first(&object)) return std::nullopt;
    return object;
  }
  std::vector<T> to_vector() const {
    std::vector<T> objects;
    for (const T& object : *this) objects.push_back(object);
    return objects;
  }
  std::int64_t count() const { return query_.count(); }
  bool exists() const { return query_.exists(); }

  // The values of one member, or tuples of several, with the types that the struct gives them;
  // through an optional they are optional, too.
  template <class P>
  auto values_list(const P& path) const {
    check_values<P>();
    const auto typed = internal::as_path(path);
    std::vector<internal::ListedValue<internal::path_t<P>>> values;
    internal::Cursor cursor(query_, {&typed.text, 1});
    while (cursor.next()) read_value(cursor, typed, values.emplace_back());
    return values;
  }
  template <class P, class Q, class... More>
  auto values_list(const P& first, const Q& second, const More&... more) const {
    return values_tuples(internal::as_path(first), internal::as_path(second),
                         internal::as_path(more)...);
  }

 protected:
  const internal::Query& query() const { return query_; }

 private:
  template <class... A>
  SlicedQuerySet refuse_after_slice() const {
    static_assert(
        internal::refused<T, A...>,
        "what limit() or offset() has cut can only be read: filter, order or write before");
    return *this;
  }
  template <class P>
  static void check_values() {
    using Given = internal::path_t<P>;
    static_assert(std::is_same_v<typename Given::root, T>, "this path is of another model");
    static_assert(!Given::kThrough.vector, "values_list() cannot step through a vector");
  }
  template <class V, class P>
  static void read_value(const internal::Cursor& cursor, const P& path, V& value) {
    cursor.read(value_type<V>(), P::kEncrypted, internal::value_address(value), path.text);
  }
  template <class... P>
  auto values_tuples(const P&... paths) const {
    (check_values<P>(), ...);
    std::vector<std::tuple<internal::ListedValue<P>...>> rows;
    const std::string_view columns[] = {paths.text...};
    internal::Cursor cursor(query_, columns);
    while (cursor.next()) {
      std::apply([&](auto&... values) { (read_value(cursor, paths, values), ...); },
                 rows.emplace_back());
    }
    return rows;
  }

  internal::Query query_;
};

template <class T>
class QuerySet : public SlicedQuerySet<T> {
 public:
  explicit QuerySet(internal::Query query) : SlicedQuerySet<T>(std::move(query)) {}

  QuerySet all() const { return *this; }
  QuerySet filter(const Expr<T>& condition) const { return QuerySet(query().filter(condition)); }
  QuerySet exclude(const Expr<T>& condition) const { return QuerySet(query().exclude(condition)); }
  // Anything else is refused with a sentence.
  template <class C>
  QuerySet filter(const C&) const {
    return refuse_condition<C>(), *this;
  }
  template <class C>
  QuerySet exclude(const C&) const {
    return refuse_condition<C>(), *this;
  }
  // order_by(f(&Patient::name), desc(&Patient::patient_id)); replaces Meta::ordering.
  template <class... Terms>
  QuerySet order_by(const Terms&... terms) const {
    (check_order<decltype(internal::as_order_term(terms))>(), ...);
    if constexpr (sizeof...(Terms) == 0) {
      return QuerySet(query().order_by({}));
    } else {
      const IndexKey keys[] = {internal::as_order_term(terms)...};
      return QuerySet(query().order_by(keys));
    }
  }
  // The same query on the database with that alias.
  QuerySet on(std::string database) const { return QuerySet(query().on(std::move(database))); }

  using SlicedQuerySet<T>::get;
  using SlicedQuerySet<T>::try_get;
  T get(const Expr<T>& condition) const { return filter(condition).get(); }
  std::optional<T> try_get(const Expr<T>& condition) const { return filter(condition).try_get(); }
  template <class C>
  T get(const C&) const {
    return refuse_condition<C>(), T{};
  }
  template <class C>
  std::optional<T> try_get(const C&) const {
    return refuse_condition<C>(), std::nullopt;
  }

  // Validates and inserts, and returns the object with its Id.
  T create(T object) const {
    query().create(&object);
    return object;
  }
  // Validates all, then inserts all or none, in a transaction unless it is in one already; for the
  // options see bulk_options.h. Sets their Ids. Faults carry the index, "3.name", and so does the
  // text of an IntegrityError.
  void bulk_create(std::span<T> objects, const BulkCreateOptions& options = {}) const {
    query().insert(objects.data(), sizeof(T), objects.size(), options);
  }
  // The same for objects that are made on the spot: returns them with their Ids.
  std::vector<T> bulk_create(std::vector<T>&& objects,
                             const BulkCreateOptions& options = {}) const {
    bulk_create(std::span<T>(objects), options);
    return std::move(objects);
  }
  // The object that meets the condition; if there is none, `object` is created. True: created.
  std::pair<T, bool> get_or_create(const Expr<T>& condition, T object) const {
    if (auto found = try_get(condition)) return {std::move(*found), false};
    try {
      return {create(std::move(object)), true};
    } catch (const IntegrityError&) {       // somebody else was faster
      if (query().in_transaction()) throw;  // which ended it
      if (auto found = try_get(condition)) return {std::move(*found), false};
      throw;
    }
  }
  // Sets the values on the object that meets the condition; if there is none, `object` is created.
  template <std::same_as<Assignment<T>>... A>
  std::pair<T, bool> update_or_create(const Expr<T>& condition, T object,
                                      const A&... values) const {
    check_values(values...);
    internal::refuse_faults({&values...});
    auto [found, created] = get_or_create(condition, std::move(object));
    if (!created) {
      T fresh{};
      if (!query().update_one(&found, {&values...}, &fresh)) {
        throw DoesNotExist<T>(internal::does_not_exist_text(query().model()));
      }
      found = std::move(fresh);
    }
    return {std::move(found), created};
  }

  // Sets values on all objects with one command; returns how many there were. Refused with
  // NotSupported on an encrypting database: use update_each() there.
  template <std::same_as<Assignment<T>>... A>
  std::int64_t update(const A&... values) const {
    check_values(values...);
    return query().update({&values...});
  }
  // Sets values object by object, in the order of their Ids, each by its own update.
  template <std::same_as<Assignment<T>>... A>
  UpdateProgress update_each(const UpdateEachOptions& options, const A&... values) const {
    check_values(values...);
    return query().update_each({&values...}, options);
  }
  template <std::same_as<Assignment<T>>... A>
  UpdateProgress update_each(const Assignment<T>& value, const A&... values) const {
    return update_each(UpdateEachOptions{}, value, values...);
  }
  // Loads, changes and saves object by object: change takes a T&.
  template <std::invocable<T&> Change>
  UpdateProgress update_each(const Change& change, const UpdateEachOptions& options = {}) const {
    T object{};
    return query().update_each(
        &object, [&] { change(object); }, [&] { object = T{}; }, options);
  }
  // Deletes all objects; returns how many there were.
  std::int64_t remove() const { return query().remove(); }

 private:
  using SlicedQuerySet<T>::query;

  template <class C>
  static void refuse_condition() {
    static_assert(internal::refused<C>,
                  "a condition of this model is expected, such as quern::f(&Model::member) == "
                  "value");
  }
  template <class Term>
  static void check_order() {
    static_assert(std::is_same_v<typename Term::root, T>, "this path is of another model");
  }
  template <class... A>
  static void check_values(const A&...) {
    static_assert(sizeof...(A) > 0, "an update needs at least one quern::set(path, value)");
  }
};

template <class T>
QuerySet<T> ModelSession::objects(std::string database) {
  return QuerySet<T>(internal::Query(*core_, internal::collection_model<T>(), std::move(database)));
}

}  // namespace quern

#endif  // QUERN_MODELS_QUERY_SET_H_
