// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/match.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "analysis/conjunction.h"
#include "analysis/expression.h"
#include "analysis/json_schema.h"
#include "analysis/marking.h"
#include "analysis/refusal.h"
#include "language/operators.h"

namespace quern::analysis {
namespace {

using bson::Element;
using bson::ValueView;
using bson::View;
using Target = EncryptionTree::Target;

// How the operators of a field treat their operand.
enum class Operand {
  kEquality,    // a constant that the field is equal to, or not
  kMembership,  // an array of such constants
  kOrder,       // a constant that the field is above or below
  kPresence,    // whether the field is there, whatever it holds
  kNegation,    // operators again, or a regular expression
  kElements,    // a filter, or operators, for the elements of an array
  kAll,         // an array of constants or {$elemMatch: …}
  kOther,       // anything that ciphertexts cannot answer
  kRefused,     // of any field
};

struct FieldOperator {
  std::string_view name;
  Operand operand;
};

constexpr FieldOperator kFieldOperators[] = {
    {"$eq", Operand::kEquality},        {"$ne", Operand::kEquality},
    {"$in", Operand::kMembership},      {"$nin", Operand::kMembership},
    {"$gt", Operand::kOrder},           {"$gte", Operand::kOrder},
    {"$lt", Operand::kOrder},           {"$lte", Operand::kOrder},
    {"$exists", Operand::kPresence},    {"$not", Operand::kNegation},
    {"$elemMatch", Operand::kElements}, {"$all", Operand::kAll},
    {"$type", Operand::kOther},         {"$mod", Operand::kOther},
    {"$regex", Operand::kOther},        {"$options", Operand::kOther},
    {"$size", Operand::kOther},         {"$bitsAllClear", Operand::kOther},
    {"$bitsAllSet", Operand::kOther},   {"$bitsAnyClear", Operand::kOther},
    {"$bitsAnySet", Operand::kOther},   {"$geoWithin", Operand::kOther},
    {"$within", Operand::kOther},       {"$geoIntersects", Operand::kOther},
    {"$near", Operand::kOther},         {"$nearSphere", Operand::kOther},
    {"$maxDistance", Operand::kOther},  {"$minDistance", Operand::kOther},
    {"$comment", Operand::kRefused},    {"$geoNear", Operand::kRefused},
};
static_assert(language::is_complete(language::kFieldOperators, kFieldOperators));

const FieldOperator& field_operator(std::string_view name) {
  for (const FieldOperator& row : kFieldOperators) {
    if (row.name == name && row.operand != Operand::kRefused) return row;
  }
  throw Error(ErrorCode::kBadValue, fmt::format("unknown operator: {}", name));
}

class FilterAnalysis {
 public:
  FilterAnalysis(Context& context, const EncryptionTree& tree, FilterUse use, bson::Builder& out)
      : context_(context), tree_(tree), use_(use), out_(out) {}

  // A filter of its own: what its conditions say together is a question.
  void whole(View filter) {
    Conjunction conjunction(tree_, filter);
    Conjunction* const outer = std::exchange(conjunction_, &conjunction);
    this->filter(filter);
    conjunction_ = outer;
  }

 private:
  struct TopOperator {
    std::string_view name;
    void (FilterAnalysis::*analyse)(const Element&);
  };
  static const TopOperator kTopOperators[];
  static const TopOperator* top_operator(std::string_view name);

  void filter(View filter) {
    const std::size_t predicates = filter.count();
    if (predicates == 1) {
      predicate(filter.front());
    } else if (predicates > 1) {
      out_.open_array("$and");
      for (const Element& element : filter) {
        out_.push_document();
        predicate(element);
        out_.close();
      }
      out_.close();
    }
  }

  void predicate(const Element& element) {
    if (!element.key().starts_with('$')) {
      field(element);
      return;
    }
    const TopOperator* row = top_operator(element.key());
    if (row == nullptr) {
      throw Error(ErrorCode::kBadValue,
                  fmt::format("unknown top level operator: {}", element.key()));
    }
    (this->*row->analyse)(element);
  }

  // Top-level operators.
  void logical(const Element& element) {
    const bool is_and = element.key() == "$and";
    const bool was_conjunctive = std::exchange(conjunctive_, conjunctive_ && is_and);
    if (!element.is_array()) malformed(element.key(), "an array");
    out_.open_array(element.key());
    for (const Element& branch : element.as_array()) {
      if (!branch.is_document()) malformed(element.key(), "an array of documents");
      out_.push_document();
      if (is_and) {
        filter(branch.as_document());
      } else {
        whole(branch.as_document());
      }
      out_.close();
    }
    out_.close();
    conjunctive_ = was_conjunctive;
  }
  void expression(const Element& element) {
    if (in_elements_) refuse::malformed("$expr cannot be used inside $elemMatch");
    const auto comparisons =
        use_ == FilterUse::kValidator ? Comparisons::kValidator : Comparisons::kMarked;
    analyse_evaluated(context_, tree_, element.key(), language::parse_expression(element),
                      comparisons, out_);
  }
  void neutral(const Element& element) { out_.append(element); }
  void number(const Element& element) {
    if (!element.is_number()) malformed(element.key(), "a number");
    out_.append(element);
  }
  void json_schema(const Element& element) {
    if (use_ != FilterUse::kValidator || !conjunctive_ || in_elements_) unsupported(element);
    if (!element.is_document()) malformed(element.key(), "a document");
    check_json_schema(tree_, element.as_document());
    out_.append(element);
  }
  void unsupported(const Element& element) { refuse::unsupported_operator(element.key()); }

  // {path: operand}
  void field(const Element& element) {
    const std::string_view path = element.key();
    const Target target = tree_.resolve(path);
    check_path(target, path);
    if (asks_for_intervals(target)) {
      ordered(target, path, element);
    } else if (is_operator_document(element)) {
      out_.open_document(path);
      operators(target, path, element.as_document());
      out_.close();
    } else if (element.type() == bson::Type::kRegex) {
      if (target.kind == Target::Kind::kEncrypted) refuse_operator("$regex", path);
      plain(target, path, element, "$regex");
    } else {
      out_.open_document(path);
      equality(target, path, Element("$eq", element));
      out_.close();
    }
  }

  void check_path(const Target& target, std::string_view path) {
    switch (target.kind) {
      case Target::Kind::kBelow:
        refuse::below_encrypted(path);
      case Target::Kind::kUnknown:
        refuse::unknown_encryption(path);
      case Target::Kind::kArray:
      case Target::Kind::kArrayPosition:
        refuse::inside_array(path);
      case Target::Kind::kPlain:
      case Target::Kind::kRemoved:
      case Target::Kind::kEncrypted:
      case Target::Kind::kAbove:
        break;
    }
  }

  void operators(const Target& target, std::string_view path, View operators) {
    for (const Element& element : operators) {
      switch (field_operator(element.key()).operand) {
        case Operand::kEquality:
          equality(target, path, element);
          break;
        case Operand::kMembership:
          membership(target, path, element);
          break;
        case Operand::kOrder:
          order(target, path, element);
          break;
        case Operand::kPresence:
          presence(target, element);
          break;
        case Operand::kNegation:
          negation(target, path, element);
          break;
        case Operand::kElements:
          elements(target, path, element);
          break;
        case Operand::kAll:
          all(target, path, element);
          break;
        case Operand::kRefused:
        case Operand::kOther:
          other(target, path, element);
          break;
      }
    }
  }

  void equality(const Target& target, std::string_view path, const Element& element) {
    if (target.kind != Target::Kind::kEncrypted) {
      plain(target, path, element);
      return;
    }
    const schema::EncryptedField& field = comparable(target, path);
    if (element.is_null()) refuse::null_equality(path);
    mark(field, path, element);
  }

  void membership(const Target& target, std::string_view path, const Element& element) {
    if (!element.is_array()) malformed(element.key(), "an array");
    const schema::EncryptedField* field =
        target.kind == Target::Kind::kEncrypted ? &comparable(target, path) : nullptr;
    out_.open_array(element.key());
    for (const Element& constant : element.as_array()) {
      if (field == nullptr) {
        plain(target, path, constant, element.key());
      } else if (constant.is_null()) {
        refuse::null_in_list(path);
      } else {
        mark(*field, path, constant);
      }
    }
    out_.close();
  }

  void mark(const schema::EncryptedField& field, std::string_view path, const Element& constant) {
    check_queryable(field, path);
    if (constant.type() == bson::Type::kRegex) refuse_operator("$regex", path);
    mark_for_find(context_, field, path, constant.key(), constant, out_);
  }

  void order(const Target& target, std::string_view path, const Element& element) {
    if (target.kind == Target::Kind::kEncrypted) {
      const schema::EncryptedField& field = comparable(target, path);
      if (field.unsupported_query() != nullptr) refuse::not_yet_encryptable(field, path);
      refuse_operator(element.key(), path);
    }
    plain(target, path, element);
  }

  // A field that is found by order. Each condition stands on its own, as MongoDB's analysis writes
  // them, for an equality becomes two.
  bool asks_for_intervals(const Target& target) const {
    return target.kind == Target::Kind::kEncrypted && use_ != FilterUse::kValidator &&
           is_ordered(target.node->field());
  }

  void ordered(const Target& target, std::string_view path, const Element& element) {
    if (!is_operator_document(element)) {
      one_value(target, path, element);
      return;
    }
    const View operators = element.as_document();
    if (operators.count() == 1) {
      ordered_condition(target, path, operators.front());
      return;
    }
    out_.open_array("$and");
    for (const Element& each : operators) {
      out_.push_document();
      ordered_condition(target, path, each);
      out_.close();
    }
    out_.close();
  }

  void ordered_condition(const Target& target, std::string_view path, const Element& element) {
    switch (field_operator(element.key()).operand) {
      case Operand::kOrder:
        out_.open_document(path);
        bound(target.node->field(), path, element);
        out_.close();
        break;
      case Operand::kEquality:
        if (element.key() == "$ne") out_.open_array("$nor").push_document();
        one_value(target, path, element);
        if (element.key() == "$ne") out_.close().close();
        break;
      case Operand::kMembership:
        one_of(target, path, element);
        break;
      case Operand::kPresence:
        out_.open_document(path);
        presence(target, element);
        out_.close();
        break;
      case Operand::kNegation: {
        if (!is_operator_document(element)) {
          negation(target, path, element);  // refuses it
          break;
        }
        Conjunction conjunction(target.node->field(), element.as_document());
        Conjunction* const outer = std::exchange(conjunction_, &conjunction);
        out_.open_array("$nor").push_document();
        ordered(target, path, element);
        out_.close().close();
        conjunction_ = outer;
        break;
      }
      default:
        refuse_operator(element.key(), path);
    }
  }

  void bound(const schema::EncryptedField& field, std::string_view path, const Element& element) {
    const auto [interval, is_second] = conjunction_->place_of(element);
    if (!is_second) interval->id = context_.next_interval_id();
    mark_interval(context_, field, path, element.key(), *interval, is_second, out_);
  }

  // The interval of one value: {$and: [{path: {$gte: …}}, {path: {$lte: …}}]}.
  void one_value(const Target& target, std::string_view path, const Element& constant) {
    const schema::EncryptedField& field = target.node->field();
    if (constant.is_null()) refuse::null_equality(path);
    if (constant.type() == bson::Type::kRegex) refuse_operator("$regex", path);
    const schema::Interval interval{
        .lower = {constant},
        .upper = {constant},
        .id = context_.next_interval_id(),
        .first = schema::OrderOperator::kGreaterOrEqual,
        .second = schema::OrderOperator::kLessOrEqual,
    };
    out_.open_array("$and");
    for (const bool is_second : {false, true}) {
      out_.push_document().open_document(path);
      mark_interval(context_, field, path, is_second ? "$lte" : "$gte", interval, is_second, out_);
      out_.close().close();
    }
    out_.close();
  }

  void one_of(const Target& target, std::string_view path, const Element& element) {
    if (!element.is_array()) malformed(element.key(), "an array");
    if (element.as_array().empty()) {  // $or and $nor need an operand
      out_.open_document(path).append(element).close();
      return;
    }
    out_.open_array(element.key() == "$in" ? "$or" : "$nor");
    for (const Element& constant : element.as_array()) {
      if (constant.is_null()) refuse::null_in_list(path);
      out_.push_document();
      one_value(target, path, constant);
      out_.close();
    }
    out_.close();
  }

  void presence(const Target& target, const Element& element) {
    const auto number = element.whole_number();
    const bool flag =
        element.type() == bson::Type::kBool || (number && (*number == 0 || *number == 1));
    if (!flag && (target.kind != Target::Kind::kPlain || !element.is_number())) {
      malformed(element.key(), "a boolean");
    }
    out_.append(element);
  }

  void negation(const Target& target, std::string_view path, const Element& element) {
    if (is_operator_document(element)) {
      out_.open_document(element.key());
      operators(target, path, element.as_document());
      out_.close();
    } else if (element.type() == bson::Type::kRegex) {
      other(target, path, element);
    } else {
      malformed(element.key(), "a regular expression or a document of operators");
    }
  }

  // Encrypted fields cannot live in arrays: nothing in the elements is encrypted, but there may be
  // names of removed fields.
  void elements(const Target& target, std::string_view path, const Element& element) {
    if (target.kind == Target::Kind::kEncrypted) refuse_operator(element.key(), path);
    if (target.kind == Target::Kind::kRemoved) refuse::removed(path);
    if (target.encrypts()) refuse::composite_operand(element.key(), path);
    if (!element.is_document()) malformed(element.key(), "a document");
    const View operand = element.as_document();
    out_.open_document(element.key());
    if (is_operator_document(element) && top_operator(operand.front().key()) == nullptr) {
      operators(target, path, operand);
    } else {
      const EncryptionTree of_elements =
          target.node == nullptr ? EncryptionTree() : EncryptionTree(*target.node);
      FilterAnalysis nested(context_, of_elements, use_, out_);
      nested.in_elements_ = true;
      nested.whole(operand);
    }
    out_.close();
  }

  void all(const Target& target, std::string_view path, const Element& element) {
    if (target.kind == Target::Kind::kEncrypted) refuse_operator(element.key(), path);
    if (!element.is_array()) malformed(element.key(), "an array");
    out_.open_array(element.key());
    for (const Element& item : element.as_array()) {
      if (is_operator_document(item)) {
        out_.open_document(item.key());
        operators(target, path, item.as_document());
        out_.close();
      } else {
        plain(target, path, item, element.key());
      }
    }
    out_.close();
  }

  void other(const Target& target, std::string_view path, const Element& element) {
    if (target.kind == Target::Kind::kEncrypted) refuse_operator(element.key(), path);
    plain(target, path, element);
  }

  // A constant that meets no encrypted field. A document or an array that is compared with a
  // document holding encrypted fields would have to be encrypted in part. Whoever still looks for a
  // value of a field that is not there any more means a value that must not be sent.
  void plain(const Target& target, std::string_view path, const Element& constant,
             std::string_view operation) {
    if (target.kind == Target::Kind::kRemoved) refuse::removed(path);
    if (target.kind == Target::Kind::kAbove && (constant.is_document() || constant.is_array()) &&
        (target.encrypts() || !constant.as_document_or_array().empty())) {
      refuse::composite_operand(operation, path);
    }
    out_.append(constant);
  }
  void plain(const Target& target, std::string_view path, const Element& element) {
    plain(target, path, element, element.key());
  }

  const schema::EncryptedField& comparable(const Target& target, std::string_view path) {
    if (use_ == FilterUse::kValidator) refuse::comparison(path);
    return target.node->field();
  }

  [[noreturn]] void refuse_operator(std::string_view name, std::string_view path) {
    if (use_ == FilterUse::kValidator) refuse::comparison(path);
    refuse::invalid_operator(name, path);
  }

  [[noreturn]] static void malformed(std::string_view name, std::string_view wanted) {
    refuse::malformed(fmt::format("{} needs {}", name, wanted));
  }

  Context& context_;
  const EncryptionTree& tree_;
  const FilterUse use_;
  bson::Builder& out_;
  Conjunction* conjunction_ = nullptr;
  bool conjunctive_ = true;   // only $and is above
  bool in_elements_ = false;  // below $elemMatch
};

constexpr FilterAnalysis::TopOperator FilterAnalysis::kTopOperators[] = {
    {"$and", &FilterAnalysis::logical},
    {"$or", &FilterAnalysis::logical},
    {"$nor", &FilterAnalysis::logical},
    {"$expr", &FilterAnalysis::expression},
    {"$comment", &FilterAnalysis::neutral},
    {"$alwaysTrue", &FilterAnalysis::number},
    {"$alwaysFalse", &FilterAnalysis::number},
    {"$sampleRate", &FilterAnalysis::number},
    {"$jsonSchema", &FilterAnalysis::json_schema},
    {"$text", &FilterAnalysis::unsupported},
    {"$where", &FilterAnalysis::unsupported},
};

const FilterAnalysis::TopOperator* FilterAnalysis::top_operator(std::string_view name) {
  static_assert(language::is_complete(language::kFilterOperators, kTopOperators));
  const auto* row = std::ranges::find(kTopOperators, name, &TopOperator::name);
  return row == std::end(kTopOperators) ? nullptr : row;
}

}  // namespace

void analyse_filter(Context& context, const EncryptionTree& tree, View filter, FilterUse use,
                    bson::Builder& out) {
  FilterAnalysis(context, tree, use, out).whole(filter);
}

}  // namespace quern::analysis
