// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $regexMatch, $regexFind, $regexFindAll.
#include <optional>

#include "quern/base/error.h"
#include "query/expression/expression_builder.h"
#include "query/value/compiled_regex.h"
#include "query/value/interrupt.h"
#include "query/value/text.h"

namespace quern::query {
namespace {

using bson::Type;

class RegexExpression : public ExpressionNode {
 public:
  enum class Kind { kMatch, kFind, kFindAll };
  RegexExpression(Kind kind, ExpressionPtr input, ExpressionPtr regex, ExpressionPtr options)
      : kind_(kind),
        input_(std::move(input)),
        regex_(std::move(regex)),
        options_(std::move(options)) {
    // A constant pattern is compiled once.
    if (!regex_->is_constant() || (options_ != nullptr && !options_->is_constant())) return;
    Evaluation evaluation;
    fixed_ = compile(evaluation, fixed_is_null_);
  }

  Datum evaluate(Evaluation& evaluation) const override {
    const Datum input = input_->evaluate(evaluation);
    bool null = fixed_is_null_;
    std::optional<CompiledRegex> own;
    if (!fixed_ && !fixed_is_null_) own = compile(evaluation, null);
    if (!input.nullish() && input.type() != Type::kString && input.type() != Type::kSymbol) {
      throw Error(51104, name() + " needs 'input' to be of type string, found: " +
                             std::string(bson::alias(input.type())));
    }
    if (input.nullish() || null) return nothing(evaluation);
    const CompiledRegex& regex = fixed_ ? *fixed_ : *own;
    const std::string_view text =
        input.type() == Type::kSymbol ? input.view().as_symbol() : input.view().as_string();
    switch (kind_) {
      case Kind::kMatch:
        return Datum::of(regex.search(text));
      case Kind::kFind: {
        std::vector<CompiledRegex::Range> groups;
        if (!regex.search(text, 0, groups)) return Datum::null();
        return found(text, code_point_count(text.substr(0, groups[0].begin)), groups, evaluation);
      }
      case Kind::kFindAll:
        return all(regex, text, evaluation);
    }
    return {};
  }

 private:
  std::string name() const {
    return kind_ == Kind::kMatch  ? "$regexMatch"
           : kind_ == Kind::kFind ? "$regexFind"
                                  : "$regexFindAll";
  }

  Datum nothing(Evaluation& evaluation) const {
    if (kind_ == Kind::kMatch) return Datum::of(false);
    if (kind_ == Kind::kFind) return Datum::null();
    Evaluation::Scratch empty(evaluation);
    return empty.finish(Type::kArray);
  }

  std::optional<CompiledRegex> compile(Evaluation& evaluation, bool& null) const {
    const Datum regex = regex_->evaluate(evaluation);
    const Datum options = options_ != nullptr ? options_->evaluate(evaluation) : Datum();
    if (!options.nullish() && options.type() != Type::kString) {
      throw Error(51106, name() + " needs 'options' to be of type string");
    }
    null = regex.nullish();
    if (null) return std::nullopt;
    std::string_view pattern;
    std::string_view flags;
    if (regex.type() == Type::kRegex) {
      pattern = regex.view().as_regex().pattern;
      flags = regex.view().as_regex().options;
    } else if (regex.type() == Type::kString) {
      pattern = regex.view().as_string();
    } else {
      throw Error(51105, name() + " needs 'regex' to be of type string or regex");
    }
    if (!options.nullish()) {
      if (!flags.empty()) {
        throw Error(
            51107, name() + " found regex option(s) specified in both 'regex' and 'option' fields");
      }
      flags = options.view().as_string();
    }
    if (pattern.find('\0') != pattern.npos) {
      throw Error(51109, name() + ": regular expression cannot contain an embedded null byte");
    }
    return CompiledRegex(pattern, flags, 51111);
  }

  // {match: …, idx: its first code point, captures: […]}
  static Datum found(std::string_view text, std::size_t index,
                     const std::vector<CompiledRegex::Range>& groups, Evaluation& evaluation) {
    const auto part = [&](const CompiledRegex::Range& range) {
      return evaluation.string(text.substr(range.begin, range.end - range.begin));
    };
    Evaluation::Scratch result(evaluation);
    result->append("match", part(groups[0]));
    result->append("idx", Datum::of(static_cast<std::int32_t>(index)));
    result->open("captures", Type::kArray);
    for (std::size_t i = 1; i < groups.size(); ++i) {
      result->push(groups[i].matched ? part(groups[i]) : Datum::null());
    }
    result->close();
    return result.finish();
  }

  static Datum all(const CompiledRegex& regex, std::string_view text, Evaluation& evaluation) {
    Evaluation::Scratch result(evaluation);
    std::vector<CompiledRegex::Range> groups;
    std::size_t start = 0;
    std::size_t counted = 0;  // bytes whose code points index has
    std::size_t index = 0;
    while (start <= text.size() && regex.search(text, start, groups)) {
      check_interrupt();
      index += code_point_count(text.substr(counted, groups[0].begin - counted));
      counted = groups[0].begin;
      result->push(found(text, index, groups, evaluation));
      start = groups[0].end;
      if (groups[0].begin == groups[0].end) {  // an empty match: go on behind the next character
        start += start < text.size() ? code_point_size(text[start]) : 1;
      }
    }
    return result.finish(Type::kArray);
  }

  Kind kind_;
  ExpressionPtr input_;
  ExpressionPtr regex_;
  ExpressionPtr options_;
  std::optional<CompiledRegex> fixed_;
  bool fixed_is_null_ = false;
};

template <RegexExpression::Kind kind>
ExpressionPtr search(const language::Call& call, ExpressionBuilder& builder) {
  return std::make_unique<RegexExpression>(kind, builder.build(call[0]), builder.build(call[1]),
                                           builder.build(call[2]));
}

constexpr NodeOperator kNodes[] = {
    {"$regexMatch", search<RegexExpression::Kind::kMatch>},
    {"$regexFind", search<RegexExpression::Kind::kFind>},
    {"$regexFindAll", search<RegexExpression::Kind::kFindAll>},
};

}  // namespace

OperatorFamily regex_operators() { return {{}, kNodes}; }

}  // namespace quern::query
