// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/match/match_regex.h"

#include "quern/base/error.h"
#include "query/match/match_parser.h"

namespace quern::query {

std::optional<Bounds> RegexPredicate::bounds() const {
  const bson::Value itself = bson::Value::of(bson::Regex{regex_.pattern(), regex_.options()});
  return unite(prefix_bounds(regex_.literal_prefix().value_or("")), point_bounds(itself.view()));
}

Condition regex_condition(bson::ValueView regex) {
  return Condition::of(std::make_unique<RegexPredicate>(CompiledRegex(regex)));
}

Condition parse_regex(const bson::Element& op, bson::View siblings, MatchParser&) {
  std::string_view pattern;
  std::string_view options;
  if (op.is_string()) {
    pattern = op.as_string();
  } else if (op.type() == bson::Type::kRegex) {
    pattern = op.as_regex().pattern;
    options = op.as_regex().options;
  } else {
    bad_value("$regex has to be a string");
  }
  if (const bson::Element given = siblings["$options"]) {
    if (!given.is_string()) bad_value("$options has to be a string");
    if (!options.empty()) throw Error(51074, "options set in both $regex and $options");
    options = given.as_string();
  }
  if (pattern.find('\0') != pattern.npos) {
    throw Error(51109, "Regular expression cannot contain an embedded null byte");
  }
  return Condition::of(std::make_unique<RegexPredicate>(CompiledRegex(pattern, options)));
}

// Read by parse_regex; here it only must not stand alone.
Condition parse_options(const bson::Element&, bson::View siblings, MatchParser&) {
  if (!siblings.contains("$regex")) bad_value("$options needs a $regex");
  return {};
}

}  // namespace quern::query
