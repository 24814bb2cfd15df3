// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/expression.h"

#include <fmt/format.h>

#include "analysis/conjunction.h"
#include "analysis/constants.h"
#include "analysis/expression_operators.h"
#include "analysis/key_pattern.h"
#include "analysis/marking.h"
#include "analysis/refusal.h"

namespace quern::analysis {
namespace {

using bson::Element;
using bson::ValueView;
using language::Call;
using language::Expression;
using schema::EncryptedField;

// The value of an expression that is one: without $literal around it.
ValueView constant_value(const Expression& expression) {
  const auto* constant = expression.as<language::Constant>();
  return constant == nullptr ? expression.source : constant->value;
}

class ExpressionAnalysis {
 public:
  ExpressionAnalysis(Context& context, const EncryptionTree* tree, Comparisons comparisons,
                     bson::Builder& out)
      : context_(context), comparisons_(comparisons), out_(out), outcomes_(context, tree) {}

  // Appends an expression whose value is handed on.
  Outcome handed_on(std::string_view key, const Expression& expression) {
    Outcome outcome = outcomes_.of(expression);
    write(key, expression);
    return outcome;
  }

  // Appends an expression that somebody computes with.
  void evaluated(std::string_view key, const Expression& expression) {
    const Outcome outcome = outcomes_.of(expression);
    if (outcome.tree.encrypts()) refuse::reference(outcome.path);
    write(key, expression);
  }

  void accumulated(const Call& call) {
    write_arguments(call, [&](std::size_t i, std::string_view key) {
      if (!handed_on(key, call[i]).tree.encrypts()) return;
      refuse::operation(
          fmt::format("Accumulator '{}' cannot aggregate encrypted fields.", call.op->name));
    });
  }

 private:
  // Appends an expression whose outcome has been checked. With a field, what it can yield is
  // compared with that field: constants become markings.
  void write(std::string_view key, const Expression& expression,
             const EncryptedField* field = nullptr) {
    if (field != nullptr && outcomes_.of(expression).constant) {
      mark_constant(key, constant_value(expression), *field);
    } else if (const auto* array = expression.as<language::Array>()) {
      out_.open_array(key);
      for (std::size_t i = 0; i < array->members.size(); ++i) {
        write(std::to_string(i), array->members[i]);
      }
      out_.close();
    } else if (const auto* object = expression.as<language::Object>()) {
      out_.open_document(key);
      for (const language::Field& member : object->fields) write(member.name, member.value);
      out_.close();
    } else if (const auto* call = expression.as<Call>()) {
      out_.open_document(key);
      write_call(*call, field);
      out_.close();
    } else {
      out_.append(key, expression.source);
    }
  }

  // As the call is spelt, each argument as write(position, key) does it.
  template <class Write>
  void write_arguments(const Call& call, const Write& write) {
    switch (call.spelling) {
      case Call::Spelling::kOne:
        if (call.arguments.empty()) {
          out_.append(call.operand);
        } else {
          write(0, call.operand.key());
        }
        break;
      case Call::Spelling::kList:
        out_.open_array(call.operand.key());
        for (std::size_t i = 0; i < call.arguments.size() && !call[i].absent(); ++i) {
          write(i, std::to_string(i));
        }
        out_.close();
        break;
      case Call::Spelling::kNames:
        out_.open_document(call.operand.key());
        for (const Element& member : call.operand.as_document()) {
          write(call.argument(member.key()) - call.arguments.data(), member.key());
        }
        out_.close();
        break;
    }
  }

  void write_call(const Call& call, const EncryptedField* field) {
    const auto each_evaluated = [&](std::size_t i, std::string_view key) {
      evaluated(key, call[i]);
    };
    switch (shape_of(*call.op)) {
      case Shape::kLiteral:
        break;  // is a constant, no call
      case Shape::kEvaluated:
        check_arguments(call);
        write_arguments(call, each_evaluated);
        break;
      case Shape::kEquality:
      case Shape::kOrdering:
        comparison(call);
        break;
      case Shape::kMembership:
        membership(call);
        break;
      case Shape::kCondition:
        write_arguments(call, [&](std::size_t i, std::string_view key) {
          if (i == 0) return evaluated(key, call[i]);
          write(key, call[i], field);
        });
        break;
      case Shape::kIfNull:
        write_arguments(call,
                        [&](std::size_t i, std::string_view key) { write(key, call[i], field); });
        break;
      case Shape::kSwitch:
        write_arguments(call, [&](std::size_t i, std::string_view key) {
          const auto* cases = call[i].as<language::Branches>();
          if (cases == nullptr) return write(key, call[i], field);
          branches(key, *cases, field);
        });
        break;
      case Shape::kLet:
        write_arguments(call, [&](std::size_t i, std::string_view key) {
          if (i == 0) return evaluated(key, call[i]);
          const Outcomes::Scope scope(outcomes_, call);
          write(key, call[i], field);
        });
        break;
      case Shape::kOverArray:  // with plain arrays only
        write_arguments(call, [&](std::size_t i, std::string_view key) {
          constexpr std::size_t kBody = 2;
          if (i != kBody) return evaluated(key, call[i]);
          const Outcomes::Scope scope(outcomes_, call);
          evaluated(key, call[i]);
        });
        break;
      case Shape::kGetField:
        check_get_field(call);
        write_arguments(call, each_evaluated);
        break;
      case Shape::kMetadata:
        if (!is_metadata_keyword(call.operand)) {
          refuse::malformed(fmt::format("Expression {} takes the name of metadata", call.op->name));
        }
        out_.append(call.operand);
        break;
      case Shape::kText:
        refuse_text(call);
    }
  }

  // $eq, $ne, $gt, $gte, $lt, $lte.
  void comparison(const Call& call) {
    const Outcome of_left = outcomes_.of(call[0]);
    const Outcome of_right = outcomes_.of(call[1]);
    const EncryptedField* field = nullptr;
    if (of_left.tree.encrypts()) {
      field = &compared_field(*call.op, of_left, of_right);
    } else if (of_right.tree.encrypts()) {
      field = &compared_field(*call.op, of_right, of_left);
    } else {
      refuse_compared_constants(of_left.tree, of_left.path, of_right.tree, of_right.path);
    }
    write_arguments(call, [&](std::size_t i, std::string_view key) { write(key, call[i], field); });
  }

  // Whatever the operator does with its arguments, it may tell whether they are alike.
  void check_arguments(const Call& call) {
    const std::vector<EncryptionTree> arguments = outcomes_.of_arguments(call);
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      if (!arguments[i].is_sensitive()) continue;
      for (std::size_t j = 0; j < arguments.size(); ++j) {
        if (j != i) refuse_compared_constants(arguments[i], {}, arguments[j], {});
      }
    }
  }

  // The field of the encrypted argument of a comparison, after checking that the other one fits.
  const EncryptedField& compared_field(const language::ExpressionOperator& op,
                                       const Outcome& encrypted, const Outcome& other) {
    check_comparable(encrypted);
    if (!other.constant) refuse::non_constant(encrypted.path);
    const EncryptedField& field = encrypted.tree.field();
    check_one_valued(field, encrypted.path);
    if (shape_of(op) == Shape::kOrdering) refuse::invalid_operator(op.name, encrypted.path);
    return field;
  }

  // That constants stand for the values that the field is compared with, one each.
  static void check_one_valued(const EncryptedField& field, std::string_view path) {
    check_queryable(field, path);
    if (is_ordered(field)) refuse::order_in_expression(path);
  }

  void check_comparable(const Outcome& encrypted) {
    if (encrypted.tree.kind() != EncryptionTree::Kind::kEncrypted) {
      refuse::reference(encrypted.path);
    }
    switch (comparisons_) {
      case Comparisons::kMarked:
        break;
      case Comparisons::kRefused:
        refuse::operation(
            fmt::format("Comparison with the encrypted field '{}' is supported only in a "
                        "filter ($match, with or without $expr)",
                        encrypted.path));
      case Comparisons::kValidator:
        refuse::comparison(encrypted.path);
    }
  }

  void membership(const Call& call) {
    const Expression& needle = call[0];
    const Expression& haystack = call[1];
    const Outcome of_needle = outcomes_.of(needle);
    out_.open_array(call.operand.key());
    if (!of_needle.tree.encrypts()) {
      const Outcome of_haystack = outcomes_.of(haystack);
      if (of_haystack.tree.encrypts()) refuse::reference(of_haystack.path);
      refuse_compared_constants(of_needle.tree, of_needle.path, of_haystack.tree, of_haystack.path);
      write("0", needle);
      evaluated("1", haystack);
      out_.close();
      return;
    }
    check_comparable(of_needle);
    if (!outcomes_.of(haystack).constant || !constant_value(haystack).is_array()) {
      refuse::non_constant(of_needle.path);
    }
    const EncryptedField& field = of_needle.tree.field();
    check_one_valued(field, of_needle.path);
    write("0", needle, &field);
    out_.open_array("1");
    if (const auto* list = haystack.as<language::Array>()) {
      for (std::size_t i = 0; i < list->members.size(); ++i) {
        mark_constant(std::to_string(i), constant_value(list->members[i]), field);
      }
    } else {
      for (const Element& item : constant_value(haystack).as_array()) {
        mark_constant(item.key(), item, field);
      }
    }
    out_.close().close();
  }

  void branches(std::string_view key, const language::Branches& branches,
                const EncryptedField* field) {
    out_.open_array(key);
    for (const language::Branch& branch : branches.list) {
      out_.push_document();
      evaluated("case", branch.condition);
      write("then", branch.consequence, field);
      out_.close();
    }
    out_.close();
  }

  // The name is taken as it stands: with dots it is no path.
  void check_get_field(const Call& call) {
    const EncryptionTree of_input =
        call[1].absent() ? outcomes_.documents() : outcomes_.of(call[1]).tree;
    const bool known = outcomes_.of(call[0]).constant;
    const ValueView name = known ? constant_value(call[0]) : ValueView();
    if (call[0].as<language::Array>() != nullptr || (known && !name.is_string())) {
      refuse::malformed("Expression $getField takes the name of a field");
    }
    if (known) {
      if (const EncryptionTree* child = of_input.child(name.as_string())) {
        if (child->encrypts()) refuse::reference(name.as_string());
      }
    } else if (of_input.encrypts()) {
      refuse::reference(of_input.first_encrypted_path());
    }
  }

  [[noreturn]] void refuse_text(const Call& call) {
    const Outcome outcome = outcomes_.of(call[0]);
    if (outcome.tree.kind() == EncryptionTree::Kind::kEncrypted &&
        outcome.tree.field().unsupported_query() != nullptr) {
      refuse::not_yet_encryptable(outcome.tree.field(), outcome.path);
    }
    refuse::operation(fmt::format(
        "{} needs as input a field that is encrypted with a prefix, suffix or substring query",
        call.op->name));
  }

  void mark_constant(std::string_view key, ValueView value, const EncryptedField& field) {
    if (value.is_null()) refuse::null_equality(field.path);
    mark_for_find(context_, field, field.path, key, value, out_);
  }

  Context& context_;
  const Comparisons comparisons_;
  bson::Builder& out_;
  Outcomes outcomes_;
};

}  // namespace

Outcome analyse_output(Context& context, const EncryptionTree& tree, std::string_view key,
                       const Expression& expression, bson::Builder& out) {
  return ExpressionAnalysis(context, &tree, Comparisons::kRefused, out).handed_on(key, expression);
}

EncryptionTree tree_of_expression(const Context& context, const EncryptionTree* tree,
                                  const Expression& expression) {
  return Outcomes(context, tree).of(expression).tree;
}

void analyse_evaluated(Context& context, const EncryptionTree& tree, std::string_view key,
                       const Expression& expression, Comparisons comparisons, bson::Builder& out) {
  ExpressionAnalysis(context, &tree, comparisons, out).evaluated(key, expression);
}

void analyse_accumulator(Context& context, const EncryptionTree& tree, const Call& call,
                         bson::Builder& out) {
  ExpressionAnalysis(context, &tree, Comparisons::kRefused, out).accumulated(call);
}

void analyse_without_document(Context& context, std::string_view key, const Expression& expression,
                              bson::Builder& out) {
  ExpressionAnalysis(context, nullptr, Comparisons::kRefused, out).evaluated(key, expression);
}

}  // namespace quern::analysis
