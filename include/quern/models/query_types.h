// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The query types of encrypted fields: how a model declares each, and all that the compiler knows
// of it, in one row.
//
//   Encrypted<Char<11>, equality>                 can be found by value
//   Encrypted<Char<11>, equality(contention(4))>  the same, with MongoDB's contention factor
#ifndef QUERN_MODELS_QUERY_TYPES_H_
#define QUERN_MODELS_QUERY_TYPES_H_

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "quern/models/internal/type_traits.h"
#include "quern/models/query_info.h"

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

// Declared so that using them is answered with a sentence; see their rows.
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

// The conditions that a query type answers, as bits.
inline constexpr unsigned kAnswersEquality = 1;  // ==, != and in()
inline constexpr unsigned kAnswersOrder = 2;     // <, <=, >, >= and between()

// A query type, by its option. The primary template is of what is no query type's option.
template <class Option>
struct QueryType {
  static constexpr bool kDeclares = false;
  static constexpr unsigned kAnswers = 0;
};

// What a row has. check<T, option>() refuses, with a sentence, fields that cannot be declared so.
template <>
struct QueryType<Equality> {
  static constexpr bool kDeclares = true;
  static constexpr unsigned kAnswers = kAnswersEquality;
  static consteval QueryInfo info(Equality option) {
    QueryInfo query{"equality", std::nullopt};
    if (option.contention >= 0) query.contention = option.contention;
    return query;
  }
  template <class T, Equality kOption>
  static consteval bool check() {
    static_assert(
        EqualityQueryable<T>,
        "floating-point and Decimal values cannot be queried by equality: leave the query "
        "type out.");
    static_assert(kOption.contention >= -1, "contention must be 0 or greater.");
    static_assert(kOption.contention != INT64_MAX, "contention must be at most 2^63 - 2.");
    return true;
  }
};

template <>
struct QueryType<Range> {
  static constexpr bool kDeclares = true;
  static constexpr unsigned kAnswers = kAnswersEquality | kAnswersOrder;
  static consteval QueryInfo info(Range) { return {}; }
  template <class T, Range>
  static consteval bool check() {
    static_assert(refused<T>,
                  "this version of Quern does not support range queries on encrypted "
                  "fields: use quern::equality, or leave quern::range out.");
    return true;
  }
};

template <>
struct QueryType<TextQuery> {
  static constexpr bool kDeclares = true;
  static constexpr unsigned kAnswers = 0;
  static consteval QueryInfo info(TextQuery) { return {}; }
  template <class T, TextQuery>
  static consteval bool check() {
    static_assert(refused<T>,
                  "this version of Quern does not support prefix, suffix and substring queries on "
                  "encrypted fields: use quern::equality, or leave them out.");
    return true;
  }
};

template <auto kOption>
using QueryTypeOf = QueryType<std::remove_cvref_t<decltype(kOption)>>;

template <class T, auto kOption>
consteval bool check_query() {
  if constexpr (QueryTypeOf<kOption>::kDeclares) {
    return QueryTypeOf<kOption>::template check<T, kOption>();
  }
  return true;
}

// The query types that a field declares, in the order of its options; the others stand for none.
template <auto kOption>
consteval QueryInfo query_of() {
  if constexpr (QueryTypeOf<kOption>::kDeclares) {
    return QueryTypeOf<kOption>::info(kOption);
  } else {
    return {};
  }
}

}  // namespace internal

}  // namespace quern

#endif  // QUERN_MODELS_QUERY_TYPES_H_
