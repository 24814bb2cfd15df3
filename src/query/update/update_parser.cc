// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/update/update_parser.h"

#include <fmt/format.h>

#include "bson/strict_reader.h"
#include "language/field_path.h"
#include "language/operators.h"
#include "quern/base/error.h"
#include "query/match/match_parser.h"

namespace quern::query {
namespace {

struct UpdateOperator {
  std::string_view name;
  UpdateOperatorParser parse;
};
constexpr UpdateOperator kOperators[] = {
    {"$set", parse_set},
    {"$setOnInsert", parse_set_on_insert},
    {"$unset", parse_unset},
    {"$rename", parse_rename},
    {"$currentDate", parse_current_date},
    {"$inc", parse_inc},
    {"$mul", parse_mul},
    {"$min", parse_min},
    {"$max", parse_max},
    {"$bit", parse_bit},
    {"$push", parse_push},
    {"$addToSet", parse_add_to_set},
    {"$pop", parse_pop},
    {"$pull", parse_pull},
    {"$pullAll", parse_pull_all},
};
static_assert(language::is_complete(language::kUpdateOperators, kOperators));

// "x" of "$[x]", "" of "$[]"; nothing for any other component.
std::optional<std::string_view> array_filter_name(std::string_view component) {
  if (!component.starts_with("$[") || !component.ends_with("]")) return std::nullopt;
  return component.substr(2, component.size() - 3);
}

// The one name that every field of an array filter begins with.
void find_identifier(bson::View filter, std::string& identifier) {
  for (const bson::Element& element : filter) {
    if (element.key() == "$and" || element.key() == "$or" || element.key() == "$nor") {
      if (!element.is_array()) continue;
      for (const bson::Element& member : element.as_array()) {
        if (member.is_document()) find_identifier(member.as_document(), identifier);
      }
      continue;
    }
    if (element.key().starts_with('$')) continue;
    const std::string name(element.key().substr(0, element.key().find('.')));
    if (identifier.empty()) identifier = name;
    if (identifier != name) {
      throw Error(ErrorCode::kFailedToParse,
                  fmt::format("Error parsing array filter :: caused by :: Expected a single "
                              "top-level field name, found '{}' and '{}'",
                              identifier, name));
    }
  }
}

}  // namespace

ArrayFilters parse_array_filters(bson::View filters, const ParseContext& context) {
  ArrayFilters parsed;
  for (const bson::Element& member : filters) {
    if (!member.is_document()) {
      throw Error(ErrorCode::kTypeMismatch, "each of arrayFilters must be a document");
    }
    ParseContext without_expr = context;
    without_expr.allow_expr = false;
    Matcher matcher = Matcher::parse(member.as_document(), without_expr);
    std::string identifier;
    find_identifier(member.as_document(), identifier);
    if (identifier.empty()) {
      throw Error(ErrorCode::kFailedToParse,
                  "Cannot use an expression without a top-level field name in arrayFilters");
    }
    bool valid = identifier.front() >= 'a' && identifier.front() <= 'z';
    for (const char c : identifier) valid &= std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (!valid) {
      throw Error(ErrorCode::kBadValue,
                  "Error parsing array filter :: caused by :: The top-level field name must be an "
                  "alphanumeric string beginning with a lowercase letter, found '" +
                      identifier + "'");
    }
    if (!parsed.emplace(identifier, std::move(matcher)).second) {
      throw Error(ErrorCode::kFailedToParse,
                  "Found multiple array filters with the same top-level field name " + identifier);
    }
  }
  return parsed;
}

void UpdateParser::parse(bson::View operators) {
  bson::require_distinct(operators, "update");
  for (const bson::Element& op : operators) {
    const UpdateOperator* found = nullptr;
    for (const UpdateOperator& candidate : kOperators) {
      if (candidate.name == op.key()) found = &candidate;
    }
    const std::string name(op.key());
    if (found == nullptr) {
      throw Error(ErrorCode::kFailedToParse,
                  "Unknown modifier: " + name +
                      ". Expected a valid update modifier or pipeline-style update specified as an "
                      "array");
    }
    if (!op.is_document()) {
      throw Error(ErrorCode::kFailedToParse, "Modifiers operate on fields but we found type " +
                                                 std::string(bson::alias(op.type())) +
                                                 " instead. For example: {$mod: {<field>: "
                                                 "...}} not {" +
                                                 name + ": …}");
    }
    for (const bson::Element& argument : op.as_document()) found->parse(argument, *this);
  }
  bind_filters(tree_);
  for (const auto& [name, filter] : filters_) {
    if (!used_.contains(name)) {
      throw Error(ErrorCode::kFailedToParse,
                  "The array filter for identifier '" + name + "' was not used in the update");
    }
  }
}

void UpdateParser::add(std::string_view text, std::unique_ptr<const Modifier> modifier) {
  const FieldPath path(text);
  check_path(path);
  tree_.insert(path, std::move(modifier));
}

void UpdateParser::check_path(const FieldPath& path) {
  if (path.text().empty())
    throw Error(ErrorCode::kEmptyFieldName, "An empty update path is not valid.");
  if (path.size() > language::kMaxPathComponents) {
    throw Error(ErrorCode::kOverflow, "an update path has more than " +
                                          std::to_string(language::kMaxPathComponents) +
                                          " components");
  }
  bool positional = false;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const std::string_view name = path[i].name;
    if (name.empty()) {
      throw Error(ErrorCode::kEmptyFieldName,
                  "The update path '" + path.text() +
                      "' contains an empty field name, which is not allowed.");
    }
    const auto filter = array_filter_name(name);
    if (name == "$" || filter) {
      if (i == 0) {
        throw Error(ErrorCode::kBadValue,
                    "Cannot have " +
                        std::string(filter ? "array filter identifier (i.e. '$[<id>]')"
                                           : "positional (i.e. '$')") +
                        " element in the first position in path '" + path.text() + "'");
      }
      if (name == "$" && positional) {
        throw Error(ErrorCode::kBadValue,
                    "Too many positional (i.e. '$') elements found in path '" + path.text() + "'");
      }
      positional |= name == "$";
      if (filter && !filter->empty()) {
        if (!filters_.contains(*filter)) {
          throw Error(ErrorCode::kBadValue, "No array filter found for identifier '" +
                                                std::string(*filter) + "' in path '" + path.text() +
                                                "'");
        }
        used_.emplace(*filter);
      }
    } else if (name.front() == '$' && (i == 0 || name.starts_with("$["))) {
      throw Error(ErrorCode::kDollarPrefixedFieldName,
                  "The dollar ($) prefixed field '" + std::string(name) + "' in '" + path.text() +
                      "' is not allowed in the context of an update");
    }
  }
}

void UpdateParser::bind_filters(UpdateNode& node) {
  for (auto& [name, child] : node.children) {
    const auto filter = array_filter_name(name);
    if (filter && !filter->empty()) child.filter = &filters_.find(*filter)->second;
    bind_filters(*child.node);
  }
}

}  // namespace quern::query
