// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Encrypted<T, options…>: a value that leaves the process only as ciphertext. It is made from a T
// without ado and gives the T back only when asked: *x, x->member, static_cast<const T&>(x). It is
// never printed and has no hash.
//
//   Encrypted<T>            stored and read, never queried
//   Encrypted<T, equality>  found with ==, != and in(); see query_types.h for contention
//   Encrypted<Struct>       the whole subdocument is one ciphertext
//
// Everything that the encryption cannot do is a compile error that says so.
#ifndef QUERN_MODELS_ENCRYPTED_H_
#define QUERN_MODELS_ENCRYPTED_H_

#include <concepts>
#include <cstddef>
#include <functional>
#include <iosfwd>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "quern/base/export.h"
#include "quern/models/internal/type_traits.h"
#include "quern/models/options.h"
#include "quern/models/query_types.h"

namespace quern {

namespace internal {

QUERN_EXPORT void wipe_memory(void* data, std::size_t size) noexcept;

// Overwrites the text and bytes that a value owns, through structs, optionals and vectors.
template <class T>
void wipe_value(T& value) noexcept {
  if constexpr (StringType<T>) {
    wipe_memory(value.data(), value.capacity());
    value.clear();
  } else if constexpr (is_binary<T>) {
    wipe_memory(value.data(), value.size());
    value.clear();
  } else if constexpr (is_optional<T>) {
    if (value) wipe_value(*value);
  } else if constexpr (is_vector<T>) {
    if constexpr (!std::is_same_v<T, std::vector<bool>>) {
      for (auto& element : value) wipe_value(element);
    }
  } else if constexpr (Embedded<T>) {
    visit_members(value, [](auto&... members) { (wipe_value(members), ...); });
  } else if constexpr (std::is_trivially_copyable_v<T>) {
    wipe_memory(&value, sizeof value);
  }
}

template <class T>
inline constexpr bool is_whole_number = std::is_integral_v<T> && !std::is_same_v<T, bool>;

template <class U, class T>
concept EncryptableAs = NotAnyMember<U> && std::convertible_to<U&&, T> &&
    (!is_encrypted<std::remove_cvref_t<U>>)&&(
        !std::is_same_v<T, bool> ||
        std::is_same_v<std::remove_cvref_t<U>,
                       bool>)&&(!is_whole_number<T> ||
                                !std::is_floating_point_v<std::remove_cvref_t<U>>);

[[noreturn]] QUERN_EXPORT void number_does_not_fit();

template <class T, class U>
T checked_value(U&& value) {
  if constexpr (is_whole_number<T> && is_whole_number<std::remove_cvref_t<U>>) {
    if (!std::in_range<T>(value)) number_does_not_fit();
    return static_cast<T>(value);
  } else {
    return std::forward<U>(value);
  }
}

template <class Option>
inline constexpr bool is_encryption_option =
    QueryType<Option>::kDeclares || std::is_same_v<Option, Wipe> ||
    std::is_same_v<Option, DbIndex> || std::is_same_v<Option, Unique> ||
    std::is_same_v<Option, Contention>;

template <class... Options>
inline constexpr bool has_duplicate = false;
template <class First, class... More>
inline constexpr bool has_duplicate<First, More...> =
    (std::is_same_v<First, More> || ...) || has_duplicate<More...>;

template <class T, bool Wiped>
struct EncryptedStorage {
  T value{};
};
template <class T>
struct EncryptedStorage<T, true> {
  T value{};

  EncryptedStorage() = default;
  explicit EncryptedStorage(T&& from) : value(std::move(from)) { wipe_value(from); }
  EncryptedStorage(const EncryptedStorage&) = default;
  EncryptedStorage(EncryptedStorage&& other) noexcept(std::is_nothrow_move_constructible_v<T>)
      : EncryptedStorage(std::move(other.value)) {}
  EncryptedStorage& operator=(const EncryptedStorage& other) {
    if (this != &other) *this = EncryptedStorage(other);
    return *this;
  }
  EncryptedStorage& operator=(EncryptedStorage&& other) {
    if (this == &other) return *this;
    wipe_value(value);
    value = std::move(other.value);
    wipe_value(other.value);
    return *this;
  }
  ~EncryptedStorage() { wipe_value(value); }
};

}  // namespace internal

template <class T, auto... Options>
class Encrypted {
  template <class Option>
  static constexpr bool kHas = internal::has_option<Option, Options...>;
  static constexpr bool kComposite = internal::Embedded<T> || internal::is_vector<T>;
  static constexpr bool kQueried = (internal::QueryTypeOf<Options>::kDeclares || ...);

  static_assert(!internal::is_encrypted<T>,
                "Encrypted<Encrypted<T>> makes no sense: one is enough.");
  static_assert(!std::is_same_v<T, Id>, "an Id cannot be encrypted: it is the primary key.");
  static_assert(!internal::has_duplicate<std::remove_cvref_t<decltype(Options)>...>,
                "give each option of Encrypted<T, ...> once.");
  static_assert(!kHas<DbIndex>, "Encrypted fields do not support db_index.");
  static_assert(!kHas<Unique>, "Encrypted fields do not support unique.");
  static_assert(!internal::is_optional<T>,
                "Encrypted fields do not support null: use Encrypted<T>, not "
                "Encrypted<std::optional<T>>.");
  static_assert(!(kComposite && kQueried),
                "Encrypted embedded models and arrays do not support queries: leave the query type "
                "out.");
  static_assert((internal::QueryTypeOf<Options>::kDeclares + ... + 0) <= 1,
                "give a field one query type: leave quern::range out.");
  static_assert(kComposite || (internal::check_query<T, Options>() && ...));
  static_assert(!kHas<Contention>,
                "contention belongs to a query type: quern::equality(quern::contention(n)).");
  static_assert((internal::is_encryption_option<std::remove_cvref_t<decltype(Options)>> && ...),
                "Encrypted<T, ...> takes the options quern::equality and quern::wipe.");

 public:
  using value_type = T;
  static constexpr unsigned kAnswers = (internal::QueryTypeOf<Options>::kAnswers | ... | 0u);
  // An entry an option; one that declares no query type is empty.
  static constexpr std::size_t kQueryCount = sizeof...(Options);
  static constexpr QueryInfo kQueries[kQueryCount + 1] = {internal::query_of<Options>()...};

  Encrypted() = default;
  // From whatever converts to a T. An integer that doesn't fit throws Error(Overflow); a bool is
  // made of a bool only, an integer of no floating-point number.
  template <internal::EncryptableAs<T> U>
  Encrypted(U&& value) : storage_{internal::checked_value<T>(std::forward<U>(value))} {}

  T& operator*() { return storage_.value; }
  const T& operator*() const { return storage_.value; }
  T* operator->() { return &storage_.value; }
  const T* operator->() const { return &storage_.value; }
  explicit operator const T&() const { return storage_.value; }

  // clang-format off
  friend bool operator==(const Encrypted& a, const Encrypted& b)
    requires std::equality_comparable<T>
  {
    return *a == *b;
  }
  // clang-format on
  template <class Traits>
  friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out,
                                                      const Encrypted&) {
    return out << "<encrypted>";
  }

 private:
  internal::EncryptedStorage<T, kHas<Wipe>> storage_;
};

}  // namespace quern

// There, so that hashing is refused with a sentence.
template <class T, auto... Options>
struct std::hash<quern::Encrypted<T, Options...>> {
  std::size_t operator()(const quern::Encrypted<T, Options...>&) const {
    static_assert(quern::internal::refused<T>,
                  "an encrypted value has no hash: it would tell equal values from others");
    return 0;
  }
};

#endif  // QUERN_MODELS_ENCRYPTED_H_
