// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// From a struct to its run-time description.
//
//   struct Patient {
//     quern::Id id{};  // makes it a collection
//     quern::Char<255> name;
//     std::int64_t patient_id = 0;
//
//     struct Meta {  // optional, and every part of it is
//       static constexpr auto db_table = "patients";
//       static auto columns() {
//         return quern::Columns{quern::column(&Patient::patient_id, "number")};
//       }
//       static auto indexes() { return quern::Indexes{quern::index(&Patient::name)}; }
//       static auto constraints() {
//         return quern::Constraints{quern::unique(&Patient::patient_id)};
//       }
//       static auto ordering() { return quern::Ordering{quern::asc(&Patient::name)}; }
//     };
//   };
//
// The parts of Meta that name members are in meta.h.
#ifndef QUERN_MODELS_MODEL_H_
#define QUERN_MODELS_MODEL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quern/base/export.h"
#include "quern/models/index_info.h"
#include "quern/models/internal/value_table.h"

namespace quern {

// The stored name of a member, given in Meta::columns.
struct Column {
  const void* owner;  // the prototype of the member's struct
  std::size_t offset;
  std::string name;
};
using Columns = std::vector<Column>;
using Indexes = std::vector<IndexInfo>;
using Constraints = std::vector<ConstraintInfo>;
using Ordering = std::vector<IndexKey>;

namespace internal {

// A default-constructed T, for default values and for the offsets of members.
template <class T>
const T& prototype() {
  static const T object{};
  return object;
}

template <class T, class M>
std::size_t offset_of(M T::*member) {
  const T& object = prototype<T>();
  return static_cast<std::size_t>(static_cast<const char*>(value_address(object.*member)) -
                                  reinterpret_cast<const char*>(&object));
}

// What the compiler knows of a member, for make_fields.
struct MemberInfo {
  const char* text;     // member_text()
  const void* address;  // of the prototype's member
  const ValueType* type;
  bool primary_key = false;
  bool encrypted = false;
  const QueryInfo* queries = nullptr;  // query_count entries; an empty one is none
  std::size_t query_count = 0;
};

// A type that cannot be stored is refused here, so that what the compiler says names the member.
template <MemberAddress Address, class M>
MemberInfo member_info(const void* address) {
  MemberInfo info{member_text<Address>(), address, &value_type<M>()};
  info.primary_key = std::is_same_v<M, Id>;
  if constexpr (is_encrypted<M>) {
    info.encrypted = true;
    info.queries = M::kQueries;
    info.query_count = M::kQueryCount;
  }
  if constexpr (is_optional<M>) {
    static_assert(!is_encrypted<typename M::value_type>,
                  "Encrypted fields do not support null: use Encrypted<T>, not "
                  "std::optional<Encrypted<T>>.");
  }
  return info;
}

// The members of a struct, completed: the first half of its description. Lives for ever.
class StructFields;
// Throws ImproperlyConfigured for column names that cannot be stored, are given twice, or are given
// to members of other structs. type: type_text().
QUERN_EXPORT const StructFields& make_fields(const char* type, std::span<const MemberInfo> members,
                                             const void* prototype, const Columns& columns);

template <class T>
Columns columns_of() {
  if constexpr (requires { T::Meta::columns(); }) {
    return T::Meta::columns();
  } else {
    return {};
  }
}

template <class T, std::size_t... I>
const StructFields& make_struct_fields(std::index_sequence<I...>) {
  const T& object = prototype<T>();
  return visit_members(object, [&](const auto&... member) -> const StructFields& {
    const MemberInfo members[] = {
        member_info<member_addresses<T>()[I], std::remove_cvref_t<decltype(member)>>(
            value_address(member))...};
    return make_fields(type_text<T>(), members, &object, columns_of<T>());
  });
}

// The members of T, which paths need and Meta may use.
template <class T>
const StructFields& struct_fields() {
  static_assert(!contains_itself<T>(), "a model struct cannot contain itself.");
  static_assert(count_ids(member_types<T>{}) <= 1, "a model has one quern::Id.");
  static const StructFields& fields =
      make_struct_fields<T>(std::make_index_sequence<member_count_to_visit<T>()>{});
  return fields;
}

struct MetaParts {
  std::string_view db_table = {};
  Indexes indexes = {};
  Constraints constraints = {};
  Ordering ordering = {};
};
// What a model is made of. Lives for ever. Throws ImproperlyConfigured when Meta names paths that
// the model doesn't have.
QUERN_EXPORT const ModelInfo& make_model(const char* type, const StructFields& fields,
                                         MetaParts meta);

template <class T>
consteval void check_meta_functions() {
  if constexpr (requires { typename T::Meta; }) {
    using Meta = typename T::Meta;
    static_assert(
        !requires { Meta::columns; } || requires { Meta::columns(); },
        "Meta::columns must be a static function without parameters.");
    static_assert(
        !requires { Meta::indexes; } || requires { Meta::indexes(); },
        "Meta::indexes must be a static function without parameters.");
    static_assert(
        !requires { Meta::constraints; } || requires { Meta::constraints(); },
        "Meta::constraints must be a static function without parameters.");
    static_assert(
        !requires { Meta::ordering; } || requires { Meta::ordering(); },
        "Meta::ordering must be a static function without parameters.");
  }
}

template <class T>
const ModelInfo& make_model_of() {
  check_meta_functions<T>();
  if constexpr (requires { typename T::Meta; }) {
    MetaParts meta;
    if constexpr (requires { T::Meta::db_table; }) meta.db_table = T::Meta::db_table;
    if constexpr (requires { T::Meta::indexes(); }) meta.indexes = T::Meta::indexes();
    if constexpr (requires { T::Meta::constraints(); }) meta.constraints = T::Meta::constraints();
    if constexpr (requires { T::Meta::ordering(); }) meta.ordering = T::Meta::ordering();
    return make_model(type_text<T>(), struct_fields<T>(), std::move(meta));
  } else {
    return make_model(type_text<T>(), struct_fields<T>(), {});
  }
}

}  // namespace internal

template <class T>
const ModelInfo& model_info() {
  if constexpr (internal::is_plain_struct<T>()) {
    static_assert(!internal::Codable<T>, "a type with a quern::codec is a field, not a model.");
  }
  static const ModelInfo& info = internal::make_model_of<T>();
  return info;
}

}  // namespace quern

#endif  // QUERN_MODELS_MODEL_H_
