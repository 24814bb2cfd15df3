// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/match/match_parser.h"

#include "language/operators.h"
#include "quern/base/error.h"

namespace quern::query {
namespace {

// Beside a field name, or below one, but of no effect on what matches.
std::unique_ptr<const MatchNode> parse_comment(const bson::Element&, MatchParser&) {
  return nullptr;
}
Condition parse_field_comment(const bson::Element&, bson::View, MatchParser&) { return {}; }

[[noreturn]] void refuse(std::string_view name) {
  bad_value("the operator " + std::string(name) + " is not supported by this engine");
}
std::unique_ptr<const MatchNode> refuse_tree(const bson::Element& op, MatchParser&) {
  refuse(op.key());
}
Condition refuse_field(const bson::Element& op, bson::View, MatchParser&) { refuse(op.key()); }

struct TreeOperator {
  std::string_view name;
  TreeOperatorParser parse;
};
constexpr TreeOperator kTreeOperators[] = {
    {"$and", parse_and},
    {"$or", parse_or},
    {"$nor", parse_nor},
    {"$expr", parse_expr},
    {"$jsonSchema", parse_json_schema},
    {"$comment", parse_comment},
    {"$alwaysTrue", parse_always_true},
    {"$alwaysFalse", parse_always_false},
    {"$where", refuse_tree},
    {"$text", refuse_tree},
    {"$sampleRate", refuse_tree},
};
static_assert(language::is_complete(language::kFilterOperators, kTreeOperators));

struct FieldOperator {
  std::string_view name;
  FieldOperatorParser parse;
};
constexpr FieldOperator kFieldOperators[] = {
    {"$eq", parse_eq},
    {"$ne", parse_ne},
    {"$lt", parse_lt},
    {"$lte", parse_lte},
    {"$gt", parse_gt},
    {"$gte", parse_gte},
    {"$in", parse_in},
    {"$nin", parse_nin},
    {"$not", parse_not},
    {"$exists", parse_exists},
    {"$type", parse_type},
    {"$mod", parse_mod},
    {"$regex", parse_regex},
    {"$options", parse_options},
    {"$all", parse_all},
    {"$elemMatch", parse_elem_match},
    {"$size", parse_size},
    {"$bitsAllSet", parse_bits_all_set},
    {"$bitsAnySet", parse_bits_any_set},
    {"$bitsAllClear", parse_bits_all_clear},
    {"$bitsAnyClear", parse_bits_any_clear},
    {"$comment", parse_field_comment},
    {"$geoWithin", refuse_field},
    {"$geoIntersects", refuse_field},
    {"$near", refuse_field},
    {"$nearSphere", refuse_field},
    {"$within", refuse_field},
    {"$geoNear", refuse_field},
    {"$maxDistance", refuse_field},
    {"$minDistance", refuse_field},
};
static_assert(language::is_complete(language::kFieldOperators, kFieldOperators));

template <class Table>
auto find_operator(const Table& table, std::string_view name) -> decltype(&table[0]) {
  for (const auto& line : table) {
    if (line.name == name) return &line;
  }
  return nullptr;
}

class Nesting {
 public:
  explicit Nesting(int& depth) : depth_(depth) {
    if (++depth_ > kMaxNesting) {
      throw Error(ErrorCode::kOverflow, "the filter nests operators more than " +
                                            std::to_string(kMaxNesting) + " levels deep");
    }
  }
  ~Nesting() { --depth_; }

 private:
  int& depth_;
};

}  // namespace

void bad_value(const std::string& message) { throw Error(ErrorCode::kBadValue, message); }

bool is_dbref_field(std::string_view name) {
  return name == "$ref" || name == "$id" || name == "$db";
}

bool is_operator_document(bson::ValueView value) {
  if (!value.is_document()) return false;
  const std::string_view first = value.as_document().front().key();
  return first.starts_with('$') && !is_dbref_field(first);
}

std::unique_ptr<const MatchNode> at_path(const FieldPath& path, Condition condition) {
  MatchNodes children;
  PathNode::Predicates predicates;
  if (condition.predicate != nullptr) predicates.push_back(std::move(condition.predicate));
  for (Condition& part : condition.all) {
    if (part.predicate != nullptr && !part.negated) {
      predicates.push_back(std::move(part.predicate));
    } else {
      children.push_back(at_path(path, std::move(part)));
    }
  }
  if (!predicates.empty()) {
    children.insert(children.begin(), std::make_unique<PathNode>(path, std::move(predicates)));
  }
  std::unique_ptr<const MatchNode> node;
  if (children.size() == 1) {
    node = std::move(children.front());
  } else {
    node = std::make_unique<AndNode>(std::move(children));
  }
  if (condition.negated) return std::make_unique<NotNode>(std::move(node));
  return node;
}

std::unique_ptr<const MatchNode> MatchParser::parse(bson::View filter) {
  const Nesting nesting(depth_);
  MatchNodes children;
  for (const bson::Element& element : filter) {
    if (element.key().starts_with('$') && (at_top_level() || !is_dbref_field(element.key()))) {
      const TreeOperator* op = find_operator(kTreeOperators, element.key());
      if (op == nullptr) {
        bad_value("unknown top level operator: " + std::string(element.key()) +
                  ". If you have a field name that starts with a '$' symbol, consider using "
                  "$getField or $setField.");
      }
      if (auto node = op->parse(element, *this)) children.push_back(std::move(node));
      continue;
    }
    Condition condition = parse_field_value(element.value());
    children.push_back(at_path(FieldPath(element.key()), std::move(condition)));
  }
  if (children.size() == 1) return std::move(children.front());
  return std::make_unique<AndNode>(std::move(children));
}

std::unique_ptr<const MatchNode> MatchParser::parse_nested(bson::View filter) {
  ++nested_;
  auto node = parse(filter);
  --nested_;
  return node;
}

Condition MatchParser::parse_field_value(bson::ValueView value) {
  if (value.type() == bson::Type::kRegex) return regex_condition(value);
  if (is_operator_document(value)) return parse_operators(value.as_document());
  return equality(value);
}

Condition MatchParser::parse_operators(bson::View operators) {
  const Nesting nesting(depth_);
  Condition result;
  for (const bson::Element& element : operators) {
    const FieldOperator* op = find_operator(kFieldOperators, element.key());
    if (op == nullptr) bad_value("unknown operator: " + std::string(element.key()));
    Condition condition = op->parse(element, operators, *this);
    if (condition.predicate == nullptr && !condition.negated) {
      for (Condition& part : condition.all) result.all.push_back(std::move(part));
    } else {
      result.all.push_back(std::move(condition));
    }
  }
  return result;
}

}  // namespace quern::query
