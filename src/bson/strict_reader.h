// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Reads a document that may hold certain members, each once, and no others. Of two members with one
// name it is for each reader to take the first, the last or both, and no two readers agree: so such
// a document is refused by all of them.
#ifndef QUERN_BSON_STRICT_READER_H_
#define QUERN_BSON_STRICT_READER_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "quern/bson/view.h"

namespace quern::bson {

// What is thrown for one kind of fault. In its text {where} stands for the document, {name} for the
// member, {type} for the type that it has, {expected} for the one that it should have, and
// {nearest} for " Did you mean …?" with the known name that an unknown one is close to, or nothing.
struct Fault {
  std::int32_t code;
  std::string_view text;
};

// The faults of a document with MongoDB's codes and wording, unless a reader has its own. The texts
// must live as long as the program.
struct MemberFaults {
  Fault unknown{40415, "BSON field '{where}.{name}' is an unknown field.{nearest}"};
  Fault repeated{40413, "BSON field '{where}.{name}' is a duplicate field"};
  Fault missing{40414, "BSON field '{where}.{name}' is missing but a required field"};
  Fault wrong_type{14,
                   "BSON field '{where}.{name}' is the wrong type '{type}', expected type "
                   "'{expected}'"};
};

// Which members a document may hold. At most 64 names in each list.
struct Members {
  std::span<const std::string_view> known;
  std::span<const std::string_view> shared = {};  // by many documents, such as lsid
  bool names_itself = false;                      // the first member says what the document is
  bool ignores_others = false;                    // instead of refusing them
};

// The checks alone, of a reader that has its own way to the members; allocates nothing.
void require_members(View document, std::string_view where, const Members& members,
                     const MemberFaults& faults = {});

class StrictReader {
 public:
  // where: how messages call the document. Throws for a member that is not known, or that is there
  // twice. Borrows the document.
  StrictReader(View document, std::string_view where, const Members& members,
               const MemberFaults& faults = {});
  StrictReader(View document, std::string_view where, std::span<const std::string_view> known,
               const MemberFaults& faults = {})
      : StrictReader(document, where, Members{known}, faults) {}
  StrictReader(View document, std::string_view where, std::initializer_list<std::string_view> known,
               const MemberFaults& faults = {})
      : StrictReader(document, where, Members{{known.begin(), known.size()}}, faults) {}

  View view() const { return document_; }

  // As it stands; missing when it is absent. required() throws then.
  Element operator[](std::string_view name) const { return document_[name]; }
  Element required(std::string_view name) const;

  // The same where null and undefined are as good as absent.
  Element value(std::string_view name) const;
  Element required_value(std::string_view name) const;

  // Typed values, nothing when absent, null or undefined. Wrong types throw; numbers may have any
  // numeric type, but must be whole (FailedToParse) and within [low, high] (BadValue).
  std::optional<std::string_view> text(std::string_view name) const;
  std::optional<bool> boolean(std::string_view name) const;
  std::optional<std::int64_t> number(std::string_view name, std::int64_t low,
                                     std::int64_t high) const;

  // "'where.name'", for messages.
  std::string quoted(std::string_view name) const;
  [[noreturn]] void wrong_type(const Element& element, std::string_view expected) const;
  [[noreturn]] void missing(std::string_view name) const;

 private:
  View document_;
  std::string where_;
  MemberFaults faults_;
};

// Of a document whose members may have any names: throws unless each name is there once.
void require_distinct(View document, std::string_view where,
                      const Fault& repeated = MemberFaults{}.repeated);

}  // namespace quern::bson

#endif  // QUERN_BSON_STRICT_READER_H_
