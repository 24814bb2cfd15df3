// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/expression/expression_node.h"

#include <algorithm>

#include "query/value/path_walk.h"

namespace quern::query {

Datum path_value(bson::ValueView value, const FieldPath& path, std::size_t depth,
                 Evaluation& evaluation) {
  for (; depth < path.size(); ++depth) {
    if (value.is_array()) {
      Evaluation::Scratch result(evaluation);
      for (const bson::Element& member : value.as_array()) {
        if (!member.is_document()) continue;
        const Datum found = path_value(member.value(), path, depth, evaluation);
        if (!found.missing()) result->push(found);
      }
      return result.finish(bson::Type::kArray);
    }
    if (!value.is_document()) return {};
    value = find_field(value.as_document(), path[depth].field);
  }
  return value;
}

Datum PathExpression::evaluate(Evaluation& evaluation) const {
  if (!slot_) {
    if (!path_) return evaluation.root.as_value();
    return path_value(evaluation.root.as_value(), *path_, 0, evaluation);
  }
  const Datum start = evaluation.variable(*slot_);
  return path_ ? path_value(start.view(), *path_, 0, evaluation) : start;
}

Datum ObjectExpression::evaluate(Evaluation& evaluation) const {
  Evaluation::Scratch result(evaluation);
  for (const Field& field : fields_) {
    const Datum value = field.value->evaluate(evaluation);
    if (!value.missing()) result->append(field.name, value);
  }
  return result.finish();
}

Datum ArrayExpression::evaluate(Evaluation& evaluation) const {
  Evaluation::Scratch result(evaluation);
  for (const ExpressionPtr& member : members_) {
    const Datum value = member->evaluate(evaluation);
    result->push(value.missing() ? Datum::null() : value);
  }
  return result.finish(bson::Type::kArray);
}

Datum FunctionExpression::evaluate(Evaluation& evaluation) const {
  constexpr std::size_t kOnStack = 4;
  Datum few[kOnStack];
  std::span<Datum> arguments(few, std::min(arguments_.size(), kOnStack));
  if (arguments_.size() > kOnStack) {
    auto* memory =
        reinterpret_cast<Datum*>(evaluation.arena().allocate(arguments_.size() * sizeof(Datum)));
    std::uninitialized_default_construct_n(memory, arguments_.size());
    arguments = {memory, arguments_.size()};
  }
  bool null = false;
  for (std::size_t i = 0; i < arguments_.size(); ++i) {
    arguments[i] = arguments_[i]->evaluate(evaluation);
    null |= arguments[i].nullish();
  }
  if (null && null_if_any_null_) return Datum::null();
  return function_(arguments, evaluation);
}

}  // namespace quern::query
