// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The members of a command, read strictly: an unknown one is refused (40415), one that is there
// twice too (40413), a missing one is 40414, a wrong type 14, each with MongoDB's text.
#ifndef QUERN_ENGINE_RULES_COMMAND_READER_H_
#define QUERN_ENGINE_RULES_COMMAND_READER_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "bson/strict_reader.h"
#include "quern/bson/document.h"
#include "query/expression/variables.h"

namespace quern::engine {

class CommandReader : public bson::StrictReader {
 public:
  // name: how messages call the document: "find", or "update.updates" for a member document of
  // it. Members in known, and those that every command may carry, are accepted.
  CommandReader(bson::View document, std::string_view name,
                std::initializer_list<std::string_view> known,
                const bson::MemberFaults& faults = {});

  // The value of the first member: the collection's name, checked. Throws InvalidNamespace.
  std::string_view collection() const;

  // Each returns the fallback (or nothing) when the member is absent.
  bool boolean(std::string_view member, bool fallback) const;        // bool, or any number
  std::optional<std::int64_t> whole(std::string_view member) const;  // a whole number
  // The same, at least minimum; BadValue otherwise.
  std::optional<std::int64_t> at_least(std::string_view member, std::int64_t minimum) const;
  bson::View document(std::string_view member) const;  // empty when absent

  // Each throws 40414 when the member is absent.
  bson::View required_document(std::string_view member) const;
  bson::View required_array(std::string_view member) const;
  std::string_view required_text(std::string_view member) const;

  // let: the variables of the command, each once, evaluated; none when absent.
  query::Variables variables(bson::Date now) const;

  // collation: absent, empty or {locale: "simple"}. Throws CommandNotSupported otherwise.
  void refuse_collation() const;
};

}  // namespace quern::engine

#endif  // QUERN_ENGINE_RULES_COMMAND_READER_H_
