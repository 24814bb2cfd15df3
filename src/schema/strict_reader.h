// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Reads a document that may hold certain members and no others, with the codes and the wording that
// MongoDB has for faults in such documents.
#ifndef QUERN_SCHEMA_STRICT_READER_H_
#define QUERN_SCHEMA_STRICT_READER_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "quern/bson/view.h"

namespace quern::schema {

class StrictReader {
 public:
  // where is the document's name in messages. Throws 40415 for a member that is not known and 40413
  // for one that is there twice. Borrows the document and known.
  StrictReader(bson::View document, std::string where, std::span<const std::string_view> known);

  // A member; missing when it is absent, null or undefined.
  bson::Element member(std::string_view key) const;
  // A member that must be there: else 40414.
  bson::Element required(std::string_view key) const;

  // Typed members. Wrong types throw TypeMismatch (14); numbers may have any numeric type, but must
  // be whole (9) and within [low, high] (2).
  std::optional<std::string_view> text(std::string_view key) const;
  std::optional<bool> boolean(std::string_view key) const;
  std::optional<std::int64_t> number(std::string_view key, std::int64_t low,
                                     std::int64_t high) const;

  // "'where.key'", for messages.
  std::string name(std::string_view key) const;
  [[noreturn]] void wrong_type(const bson::Element& element, std::string_view expected) const;

 private:
  bson::View document_;
  std::string where_;
};

}  // namespace quern::schema

#endif  // QUERN_SCHEMA_STRICT_READER_H_
