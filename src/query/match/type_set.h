// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A set of BSON types, as $type and $jsonSchema's bsonType name them.
#ifndef QUERN_QUERY_MATCH_TYPE_SET_H_
#define QUERN_QUERY_MATCH_TYPE_SET_H_

#include <bitset>

#include "quern/bson/view.h"

namespace quern::query {

class TypeSet {
 public:
  void add(bson::Type type) { types_.set(static_cast<std::uint8_t>(type)); }
  // A type's alias, "number", or a type's number; an array of these. Throws BadValue.
  static TypeSet parse(bson::ValueView spec);
  void add_alias(std::string_view alias);
  bool contains(bson::Type type) const { return types_[static_cast<std::uint8_t>(type)]; }
  std::size_t count() const { return types_.count(); }

 private:
  void add_one(bson::ValueView spec);
  std::bitset<256> types_;
};

}  // namespace quern::query

#endif  // QUERN_QUERY_MATCH_TYPE_SET_H_
