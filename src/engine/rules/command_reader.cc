// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/rules/command_reader.h"

#include "command/command_table.h"
#include "quern/base/error.h"
#include "quern/command/namespace.h"

namespace quern::engine {
namespace {

bson::Members members_of(std::string_view name, std::initializer_list<std::string_view> known) {
  const std::span<const std::string_view> names(known.begin(), known.size());
  const bool whole_command = name.find('.') == std::string_view::npos;
  if (!whole_command) return {names};
  return {.known = names, .shared = generic_members(), .names_itself = true};
}

}  // namespace

CommandReader::CommandReader(bson::View document, std::string_view name,
                             std::initializer_list<std::string_view> known,
                             const bson::MemberFaults& faults)
    : StrictReader(document, name, members_of(name, known), faults) {}

std::string_view CommandReader::collection() const {
  const bson::Element first = view().front();
  if (!first.is_string()) {
    throw DatabaseError(ErrorCode::kInvalidNamespace, "collection name has invalid type " +
                                                          std::string(bson::alias(first.type())));
  }
  Namespace::check_collection(first.as_string());
  return first.as_string();
}

bool CommandReader::boolean(std::string_view member, bool fallback) const {
  const bson::Element element = (*this)[member];
  if (element.missing()) return fallback;
  if (element.type() != bson::Type::kBool && !element.is_number()) wrong_type(element, "bool");
  return element.truthy();
}

std::optional<std::int64_t> CommandReader::whole(std::string_view member) const {
  const bson::Element element = (*this)[member];
  if (element.missing() || element.is_null()) return std::nullopt;
  if (!element.is_number()) wrong_type(element, "long");
  const auto value = element.whole_number();
  if (!value) {
    throw DatabaseError(ErrorCode::kFailedToParse,
                        "BSON field " + quoted(member) + " must be a whole number");
  }
  return value;
}

std::optional<std::int64_t> CommandReader::at_least(std::string_view member,
                                                    std::int64_t minimum) const {
  const auto value = whole(member);
  if (value && *value < minimum) {
    throw DatabaseError(ErrorCode::kBadValue, "BSON field " + quoted(member) +
                                                  " value must be >= " + std::to_string(minimum) +
                                                  ", actual value '" + std::to_string(*value) +
                                                  "'");
  }
  return value;
}

bson::View CommandReader::document(std::string_view member) const {
  const bson::Element element = (*this)[member];
  if (element.missing() || element.is_null()) return bson::View();
  if (!element.is_document()) wrong_type(element, "object");
  return element.as_document();
}

bson::View CommandReader::required_document(std::string_view member) const {
  const bson::Element element = required(member);
  if (!element.is_document()) wrong_type(element, "object");
  return element.as_document();
}

bson::View CommandReader::required_array(std::string_view member) const {
  const bson::Element element = required(member);
  if (!element.is_array()) wrong_type(element, "array");
  return element.as_array();
}

std::string_view CommandReader::required_text(std::string_view member) const {
  const bson::Element element = required(member);
  if (!element.is_string()) wrong_type(element, "string");
  return element.as_string();
}

query::Variables CommandReader::variables(bson::Date now) const {
  return query::evaluated_let(document("let"), now);
}

void CommandReader::refuse_collation() const {
  const bson::View collation = document("collation");
  bson::require_distinct(collation, "collation");
  if (collation.empty()) return;
  const bson::Element locale = collation["locale"];
  if (locale.is_string() && locale.as_string() == "simple") return;
  throw NotSupported("collations other than {locale: \"simple\"} are not supported");
}

}  // namespace quern::engine
