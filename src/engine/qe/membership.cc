// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/membership.h"

#include <fmt/format.h>

#include "engine/qe/tag_query.h"
#include "quern/base/error.h"

namespace quern::engine::qe {
namespace {

// What a constant stands for: {$literal: x} and {$const: x} are x.
bson::ValueView unwrapped(bson::ValueView value) {
  if (!value.is_document()) return value;
  const bson::Element only = value.as_document().front();
  if (only.key() == "$literal" || only.key() == "$const") return only.value();
  return value;
}

// The path of "$a.b"; empty for anything else, such as a variable "$$x".
std::string_view field_path(bson::ValueView value) {
  if (!value.is_string()) return {};
  const std::string_view text = value.as_string();
  if (text.size() < 2 || text[0] != '$' || text[1] == '$') return {};
  return text.substr(1);
}

std::string_view require_field_path(bson::ValueView value, std::int32_t code, std::string_view op) {
  const std::string_view path = field_path(value);
  if (path.empty()) {
    throw Error(code, fmt::format("{} compares an encrypted value with a field path only", op));
  }
  return path;
}

std::optional<Membership> of_equality(std::string_view op, bson::View arguments) {
  if (arguments.count() != 2) return std::nullopt;
  const bson::ValueView first = unwrapped(*arguments.begin());
  const bson::ValueView second = unwrapped(*++arguments.begin());
  const bool first_is_payload = is_find_payload(first);
  const bool second_is_payload = is_find_payload(second);
  if (!first_is_payload && !second_is_payload) return std::nullopt;
  if (first_is_payload && second_is_payload) {
    throw Error(6334100, fmt::format("{} cannot compare two encrypted constants", op));
  }
  const std::string_view path = require_field_path(first_is_payload ? second : first, 6672413, op);
  return Membership{path, {first_is_payload ? first : second}, op == "$ne"};
}

std::optional<Membership> of_list(bson::View arguments) {
  if (arguments.count() != 2) return std::nullopt;
  const bson::ValueView list = unwrapped(*++arguments.begin());
  if (!list.is_array()) return std::nullopt;
  Membership membership;
  std::size_t others = 0;
  for (const bson::Element& element : list.as_array()) {
    const bson::ValueView value = unwrapped(element);
    if (is_find_payload(value)) {
      membership.payloads.push_back(value);
    } else {
      ++others;
    }
  }
  if (membership.payloads.empty()) return std::nullopt;
  if (others != 0) {
    throw Error(6334102, "If one element of $in is encrypted, all must be");
  }
  membership.path = require_field_path(*arguments.begin(), 6672417, "$in");
  return membership;
}

bool is_order_comparison(std::string_view op) {
  return op == "$gt" || op == "$gte" || op == "$lt" || op == "$lte" || op == "$cmp";
}

}  // namespace

std::optional<Membership> Membership::of_expression(bson::View expression) {
  const bson::Element only = expression.front();
  if (!only.is_array() || expression.count() != 1) return std::nullopt;
  const bson::View arguments = only.as_array();
  if (only.key() == "$eq" || only.key() == "$ne") return of_equality(only.key(), arguments);
  if (only.key() == "$in") return of_list(arguments);
  if (is_order_comparison(only.key())) {
    for (const bson::Element& argument : arguments) {
      if (is_find_payload(unwrapped(argument)))
        refuse_order_comparison(only.key(), unwrapped(argument));
    }
  }
  return std::nullopt;
}

}  // namespace quern::engine::qe
