// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Conditions on a model, one class per model, so that they can be built at run time:
//
//   Expr<Patient> e = f(&Patient::name) == "Ann";
//   if (adults) e = e && f(&Patient::age) >= 18;
//
// On encrypted fields declared with equality: == != in(). On plain fields also < <= > >= between(),
// the text conditions, is_null(), exists(). A default-constructed Expr is neutral: it holds for
// every document and drops out of && and ||.
//
// Values are turned into BSON at once, with the type of the field; what doesn't fit it throws
// Error(BadValue) with the path, and without the value if the field is encrypted.
#ifndef QUERN_MODELS_EXPRESSION_H_
#define QUERN_MODELS_EXPRESSION_H_

#include <concepts>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "quern/base/export.h"
#include "quern/models/path.h"

namespace quern {

namespace bson {
class Document;
}

namespace internal {

// A condition, whatever the model. Its members are compiled once, in the library.
class QUERN_EXPORT Condition {
 public:
  Condition() noexcept;
  explicit Condition(bson::Document filter);
  Condition(const Condition& other);
  Condition(Condition&& other) noexcept;
  Condition& operator=(const Condition& other);
  Condition& operator=(Condition&& other) noexcept;
  ~Condition();

  const bson::Document& filter() const;  // in MongoDB's query language
  bool neutral() const;

 private:
  bson::Document* filter_ = nullptr;  // null: neutral
};

}  // namespace internal

template <class Root>
class Expr : public internal::Condition {
 public:
  Expr() = default;
  explicit Expr(internal::Condition condition) : Condition(std::move(condition)) {}
  using internal::Condition::Condition;
};

namespace internal {

QUERN_EXPORT Condition all_of(const Condition& a, const Condition& b);
QUERN_EXPORT Condition any_of(const Condition& a, const Condition& b);
QUERN_EXPORT Condition none_of(const Condition& a);

// What a condition compares a field with: values of the field's C++ type, in BSON.
class QUERN_EXPORT Operands {
 public:
  // secret: the field is encrypted.
  Operands(std::string_view path, const ValueType& type, bool secret);
  ~Operands();
  Operands(const Operands&) = delete;
  Operands& operator=(const Operands&) = delete;

  // Throws Error(BadValue) with the path for what cannot be stored; secret: without saying why.
  void add(const void* value);
  Condition compare(const char* op) const;  // with the first
  Condition in() const;
  Condition between() const;  // the first and the second

 private:
  struct State;
  State* state_;
};

// $regex: before + text with its special characters escaped + after.
QUERN_EXPORT Condition match_text(std::string_view path, const char* before, std::string_view text,
                                  const char* after, bool ignore_case);
QUERN_EXPORT Condition match_regex(std::string_view path, std::string_view pattern,
                                   std::string_view options);
QUERN_EXPORT Condition is_null_filter(std::string_view path);
QUERN_EXPORT Condition exists_filter(std::string_view path);

[[noreturn]] QUERN_EXPORT void number_out_of_range(std::string_view path);

template <class T>
inline constexpr bool is_plain_integer = std::is_integral_v<T> && !std::is_same_v<T, bool>;

// Values that a field of type T can be compared with or set to.
template <class T, class V>
consteval bool comparable_with() {
  if constexpr (is_encrypted<V>) {
    return comparable_with<T, typename V::value_type>();
  } else if constexpr (std::is_same_v<T, V>) {
    return true;
  } else if constexpr (is_plain_integer<T>) {
    return is_plain_integer<V>;
  } else if constexpr (std::is_floating_point_v<T>) {
    return std::is_floating_point_v<V> || is_plain_integer<V>;
  } else if constexpr (std::is_same_v<T, bool> || std::is_enum_v<T>) {
    return false;
  } else {
    return std::is_convertible_v<const V&, T>;
  }
}

// An Id may be unset, so it is not taken for the ObjectId that it holds.
template <class T, class V>
inline constexpr bool is_id_for_object_id = std::is_same_v<T, ObjectId>&& std::is_same_v<V, Id>;

template <class T, class V>
T converted(std::string_view path, const V& value) {
  if constexpr (is_encrypted<V>) {
    return converted<T>(path, *value);
  } else if constexpr (is_plain_integer<T> && is_plain_integer<V>) {
    if (!std::in_range<T>(value)) number_out_of_range(path);
    return static_cast<T>(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(value);
  } else {
    return value;
  }
}

// Adds the value as a field of type T stores it.
template <class T, class V>
void add_operand(Operands& operands, std::string_view path, const V& value) {
  if constexpr (std::is_same_v<T, V>) {
    operands.add(value_address(value));
  } else {
    const T typed = converted<T>(path, value);
    operands.add(value_address(typed));
  }
}

// The checks sit in class templates that are named in return types, so that they fail where the
// condition is written, even for a compiler that only checks syntax.
template <class P, class... V>
struct Checked {
  static_assert(!(is_id_for_object_id<typename P::value, V> || ...),
                "this field is an ObjectId, not an Id: compare it with id.value()");
  static_assert(((comparable_with<typename P::value, V>() ||
                  is_id_for_object_id<typename P::value, V>)&&...),
                "this field cannot be compared with a value of that type");
  static_assert(
      is_encrypted<typename P::leaf> || !touches_encrypted<P>,
      "a struct with encrypted members cannot be compared as a whole: compare its members");
};
// Whether the field at the path answers one of the questions.
template <class P>
consteval bool answers(unsigned questions) {
  if constexpr (is_encrypted<typename P::leaf>) {
    return (P::leaf::kAnswers & questions) != 0;
  } else {
    return true;
  }
}
struct Unchecked {};
template <class P, class V>
struct EqualityChecked : std::conditional_t<answers<P>(kAnswersEquality), Checked<P, V>,
                                            Unchecked> {  // one error is enough
  static_assert(answers<P>(kAnswersEquality),
                "this encrypted field is not queryable: declare it with quern::equality");
  using type = Expr<typename P::root>;
};
template <class P, class... V>
struct RangeChecked : std::conditional_t<answers<P>(kAnswersOrder), Checked<P, V...>, Unchecked> {
  static_assert(
      answers<P>(kAnswersOrder),
      "this encrypted field does not support <, <=, >, >= or between(), and no query type "
      "of this version does: read the objects and compare in the application");
  using type = Expr<typename P::root>;
};
template <class P>
struct TextChecked {
  static_assert(!P::kEncrypted,
                "text conditions do not work on an encrypted field: only ==, != and in() do");
  static_assert(P::kEncrypted || StringType<typename P::value> ||
                    (is_vector<typename P::leaf> &&
                     StringType<typename NextOwner<typename P::leaf>::type>),
                "text conditions need a field of text");
  using type = Expr<typename P::root>;
};
template <class P, class V>
using EqualityExpr = typename EqualityChecked<P, std::decay_t<V>>::type;
template <class P, class... V>
using RangeExpr = typename RangeChecked<P, std::decay_t<V>...>::type;
template <class P>
using TextExpr = typename TextChecked<P>::type;

template <class T, class V>
Condition comparison(std::string_view path, bool secret, const char* op, const V& value) {
  Operands operands(path, value_type<T>(), secret);
  add_operand<T>(operands, path, value);
  return operands.compare(op);
}
template <class R, class L, Steps S, class V>
Expr<R> comparison(const Path<R, L, S>& path, const char* op, const V& value) {
  return Expr<R>(comparison<unwrap_t<L>>(path.text, is_encrypted<L>, op, value));
}

template <class Values>
using element_t = std::iter_value_t<decltype(std::begin(std::declval<const Values&>()))>;

template <class R, class L, Steps S, class Values>
Expr<R> membership(const Path<R, L, S>& path, const Values& values) {
  Operands operands(path.text, value_type<unwrap_t<L>>(), is_encrypted<L>);
  for (const auto& value : values) add_operand<unwrap_t<L>>(operands, path.text, value);
  return Expr<R>(operands.in());
}

}  // namespace internal

template <class Root>
Expr<Root> operator&&(const Expr<Root>& a, const Expr<Root>& b) {
  return Expr<Root>(internal::all_of(a, b));
}
template <class Root>
Expr<Root> operator||(const Expr<Root>& a, const Expr<Root>& b) {
  return Expr<Root>(internal::any_of(a, b));
}
template <class Root>
Expr<Root> operator!(const Expr<Root>& a) {
  return Expr<Root>(internal::none_of(a));
}

template <class R, class L, Steps S, class V>
internal::EqualityExpr<Path<R, L, S>, V> operator==(const Path<R, L, S>& path, const V& value) {
  return internal::comparison(path, "$eq", value);
}
template <class R, class L, Steps S, class V>
internal::EqualityExpr<Path<R, L, S>, V> operator!=(const Path<R, L, S>& path, const V& value) {
  return internal::comparison(path, "$ne", value);
}
template <class R, class L, Steps S, class V>
internal::RangeExpr<Path<R, L, S>, V> operator<(const Path<R, L, S>& path, const V& value) {
  return internal::comparison(path, "$lt", value);
}
template <class R, class L, Steps S, class V>
internal::RangeExpr<Path<R, L, S>, V> operator<=(const Path<R, L, S>& path, const V& value) {
  return internal::comparison(path, "$lte", value);
}
template <class R, class L, Steps S, class V>
internal::RangeExpr<Path<R, L, S>, V> operator>(const Path<R, L, S>& path, const V& value) {
  return internal::comparison(path, "$gt", value);
}
template <class R, class L, Steps S, class V>
internal::RangeExpr<Path<R, L, S>, V> operator>=(const Path<R, L, S>& path, const V& value) {
  return internal::comparison(path, "$gte", value);
}

// With the value on the left. (No concept here: it would win over the forms above.)
template <class V, class R, class L, Steps S, class = internal::IfNotPath<V>>
internal::EqualityExpr<Path<R, L, S>, V> operator==(const V& value, const Path<R, L, S>& path) {
  return path == value;
}
template <class V, class R, class L, Steps S, class = internal::IfNotPath<V>>
internal::EqualityExpr<Path<R, L, S>, V> operator!=(const V& value, const Path<R, L, S>& path) {
  return path != value;
}
template <class V, class R, class L, Steps S, class = internal::IfNotPath<V>>
internal::RangeExpr<Path<R, L, S>, V> operator<(const V& value, const Path<R, L, S>& path) {
  return path > value;
}
template <class V, class R, class L, Steps S, class = internal::IfNotPath<V>>
internal::RangeExpr<Path<R, L, S>, V> operator<=(const V& value, const Path<R, L, S>& path) {
  return path >= value;
}
template <class V, class R, class L, Steps S, class = internal::IfNotPath<V>>
internal::RangeExpr<Path<R, L, S>, V> operator>(const V& value, const Path<R, L, S>& path) {
  return path < value;
}
template <class V, class R, class L, Steps S, class = internal::IfNotPath<V>>
internal::RangeExpr<Path<R, L, S>, V> operator>=(const V& value, const Path<R, L, S>& path) {
  return path <= value;
}

// low <= field <= high. Nothing matches when low is greater than high.
template <class R, class L, Steps S, class Low, class High>
internal::RangeExpr<Path<R, L, S>, Low, High> between(const Path<R, L, S>& path, const Low& low,
                                                      const High& high) {
  using T = internal::unwrap_t<L>;
  internal::Operands operands(path.text, value_type<T>(), internal::is_encrypted<L>);
  internal::add_operand<T>(operands, path.text, low);
  internal::add_operand<T>(operands, path.text, high);
  return Expr<R>(operands.between());
}

// The field has one of the values: a braced list or any range.
template <class R, class L, Steps S, class Values>
internal::EqualityExpr<Path<R, L, S>, internal::element_t<Values>> in(const Path<R, L, S>& path,
                                                                      const Values& values) {
  return internal::membership(path, values);
}
template <class R, class L, Steps S, class V>
internal::EqualityExpr<Path<R, L, S>, V> in(const Path<R, L, S>& path,
                                            std::initializer_list<V> values) {
  return internal::membership(path, values);
}

// The vector has the value as an element.
template <class R, class L, Steps S, class V>
Expr<R> includes(const Path<R, L, S>& path, const V& value) {
  using Element = typename internal::NextOwner<L>::type;
  static_assert(!internal::is_encrypted<L>, "includes() does not work on an encrypted field");
  static_assert(internal::is_vector<internal::unwrap_t<L>>,
                "includes() needs a field that is a vector");
  static_assert(!internal::is_id_for_object_id<Element, V>,
                "this field holds ObjectIds, not Ids: compare it with id.value()");
  static_assert(
      internal::comparable_with<Element, V>() || internal::is_id_for_object_id<Element, V>,
      "this field cannot be compared with a value of that type");
  return Expr<R>(internal::comparison<Element>(path.text, false, "$eq", value));
}

// Text conditions, by characters; the i forms ignore case.
template <class R, class L, Steps S>
internal::TextExpr<Path<R, L, S>> contains(const Path<R, L, S>& path, std::string_view text) {
  return Expr<R>(internal::match_text(path.text, "", text, "", false));
}
template <class R, class L, Steps S>
internal::TextExpr<Path<R, L, S>> icontains(const Path<R, L, S>& path, std::string_view text) {
  return Expr<R>(internal::match_text(path.text, "", text, "", true));
}
template <class R, class L, Steps S>
internal::TextExpr<Path<R, L, S>> startswith(const Path<R, L, S>& path, std::string_view text) {
  return Expr<R>(internal::match_text(path.text, "^", text, "", false));
}
template <class R, class L, Steps S>
internal::TextExpr<Path<R, L, S>> istartswith(const Path<R, L, S>& path, std::string_view text) {
  return Expr<R>(internal::match_text(path.text, "^", text, "", true));
}
template <class R, class L, Steps S>
internal::TextExpr<Path<R, L, S>> endswith(const Path<R, L, S>& path, std::string_view text) {
  return Expr<R>(internal::match_text(path.text, "", text, "\\z", false));
}
template <class R, class L, Steps S>
internal::TextExpr<Path<R, L, S>> iendswith(const Path<R, L, S>& path, std::string_view text) {
  return Expr<R>(internal::match_text(path.text, "", text, "\\z", true));
}
template <class R, class L, Steps S>
internal::TextExpr<Path<R, L, S>> iexact(const Path<R, L, S>& path, std::string_view text) {
  return Expr<R>(internal::match_text(path.text, "^", text, "\\z", true));
}
// A Perl-compatible regular expression; options are MongoDB's ("i", "m", "s", "x").
template <class R, class L, Steps S>
internal::TextExpr<Path<R, L, S>> regex(const Path<R, L, S>& path, std::string_view pattern,
                                        std::string_view options = "") {
  return Expr<R>(internal::match_regex(path.text, pattern, options));
}

// The optional member is empty (null or absent).
template <class R, class L, Steps S>
Expr<R> is_null(const Path<R, L, S>& path) {
  static_assert(!internal::is_encrypted<L>, "is_null() does not work on an encrypted field");
  static_assert(internal::is_encrypted<L> || internal::is_optional<L>,
                "is_null() needs a std::optional field: others are never null");
  return Expr<R>(internal::is_null_filter(path.text));
}

// The stored document has the member at all.
template <class R, class L, Steps S>
Expr<R> exists(const Path<R, L, S>& path) {
  return Expr<R>(internal::exists_filter(path.text));
}

}  // namespace quern

#endif  // QUERN_MODELS_EXPRESSION_H_
