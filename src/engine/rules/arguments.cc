// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/rules/arguments.h"

#include <algorithm>
#include <array>
#include <utility>

#include "quern/base/error.h"
#include "quern/command/namespace.h"

namespace quern::engine {
namespace {

// What any command may carry. The ones that mean something are read by EngineRunner.
constexpr std::array<std::string_view, 21> kGeneric = {"$clusterTime",
                                                       "$client",
                                                       "$configServerState",
                                                       "$db",
                                                       "$readPreference",
                                                       "$replData",
                                                       "apiVersion",
                                                       "apiStrict",
                                                       "autocommit",
                                                       "apiDeprecationErrors",
                                                       "comment",
                                                       "lsid",
                                                       "maxTimeMS",
                                                       "readConcern",
                                                       "startTransaction",
                                                       "stmtId",
                                                       "stmtIds",
                                                       "txnNumber",
                                                       "writeConcern",
                                                       "databaseVersion",
                                                       "mayBypassWriteBlocking"};

bool contains(const auto& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string field(std::string_view document, std::string_view member) {
  return "BSON field '" + std::string(document) + "." + std::string(member) + "'";
}

}  // namespace

Arguments::Arguments(bson::View document, std::string_view name,
                     std::initializer_list<std::string_view> known)
    : document_(document), name_(name) {
  const bool whole_command = name.find('.') == std::string_view::npos;
  bool first = whole_command;
  for (const bson::Element& element : document) {
    if (std::exchange(first, false)) continue;  // the command's name
    if (contains(known, element.key())) continue;
    if (whole_command && contains(kGeneric, element.key())) continue;
    throw DatabaseError(ErrorCode::kUnknownField,
                        field(name, element.key()) + " is an unknown field.");
  }
}

std::string_view Arguments::collection() const {
  const bson::Element first = document_.front();
  if (!first.is_string()) {
    throw DatabaseError(ErrorCode::kInvalidNamespace, "collection name has invalid type " +
                                                          std::string(bson::alias(first.type())));
  }
  Namespace::check_collection(first.as_string());
  return first.as_string();
}

bool Arguments::boolean(std::string_view member, bool fallback) const {
  const bson::Element element = document_[member];
  if (element.missing()) return fallback;
  if (element.type() != bson::Type::kBool && !element.is_number()) wrong_type(element, "bool");
  return element.truthy();
}

std::optional<std::int64_t> Arguments::whole(std::string_view member) const {
  const bson::Element element = document_[member];
  if (element.missing() || element.is_null()) return std::nullopt;
  if (!element.is_number()) wrong_type(element, "long");
  const auto value = element.whole_number();
  if (!value) {
    throw DatabaseError(ErrorCode::kFailedToParse,
                        field(name_, member) + " must be a whole number");
  }
  return value;
}

std::optional<std::int64_t> Arguments::at_least(std::string_view member,
                                                std::int64_t minimum) const {
  const auto value = whole(member);
  if (value && *value < minimum) {
    throw DatabaseError(ErrorCode::kBadValue,
                        field(name_, member) + " value must be >= " + std::to_string(minimum) +
                            ", actual value '" + std::to_string(*value) + "'");
  }
  return value;
}

bson::View Arguments::document(std::string_view member) const {
  const bson::Element element = document_[member];
  if (element.missing() || element.is_null()) return bson::View();
  if (!element.is_document()) wrong_type(element, "object");
  return element.as_document();
}

std::optional<std::string_view> Arguments::text(std::string_view member) const {
  const bson::Element element = document_[member];
  if (element.missing()) return std::nullopt;
  if (!element.is_string()) wrong_type(element, "string");
  return element.as_string();
}

bson::Element Arguments::required(std::string_view member) const {
  const bson::Element element = document_[member];
  if (element.missing()) {
    throw DatabaseError(ErrorCode::kMissingField,
                        field(name_, member) + " is missing but a required field");
  }
  return element;
}

bson::View Arguments::required_document(std::string_view member) const {
  const bson::Element element = required(member);
  if (!element.is_document()) wrong_type(element, "object");
  return element.as_document();
}

bson::View Arguments::required_array(std::string_view member) const {
  const bson::Element element = required(member);
  if (!element.is_array()) wrong_type(element, "array");
  return element.as_array();
}

std::string_view Arguments::required_text(std::string_view member) const {
  const bson::Element element = required(member);
  if (!element.is_string()) wrong_type(element, "string");
  return element.as_string();
}

void Arguments::refuse_collation() const {
  const bson::View collation = document("collation");
  if (collation.empty()) return;
  const bson::Element locale = collation["locale"];
  if (locale.is_string() && locale.as_string() == "simple") return;
  throw NotSupported("collations other than {locale: \"simple\"} are not supported");
}

void Arguments::wrong_type(bson::Element element, std::string_view wanted) const {
  throw DatabaseError(ErrorCode::kTypeMismatch,
                      field(name_, element.key()) + " is the wrong type '" +
                          std::string(bson::alias(element.type())) + "', expected type '" +
                          std::string(wanted) + "'");
}

}  // namespace quern::engine
