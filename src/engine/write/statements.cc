// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/write/statements.h"

#include <string>

namespace quern::engine {
namespace {

constexpr std::size_t kMaxBatch = 100'000;

}  // namespace

std::vector<bson::View> statements_of(const CommandReader& arguments, std::string_view member) {
  std::vector<bson::View> statements;
  for (const bson::Element& element : arguments.required_array(member)) {
    if (!element.is_document()) arguments.wrong_type(element, "object");
    statements.push_back(element.as_document());
  }
  if (statements.empty() || statements.size() > kMaxBatch) {
    throw DatabaseError(ErrorCode::kInvalidLength,
                        "Write batch sizes must be between 1 and 100000. Got " +
                            std::to_string(statements.size()) + " operations.");
  }
  return statements;
}

query::ParseContext context_of(const Operation& operation, const query::Variables& let) {
  query::ParseContext context;
  context.now = operation.now();
  let.enter(context);
  return context;
}

bson::ValueView hint_of(const CommandReader& arguments) {
  const bson::Element hint = arguments["hint"];
  if (hint.is_document() && hint.as_document().empty()) return {};
  return hint;
}

bson::View array_of(const CommandReader& arguments, std::string_view member) {
  return arguments[member].missing() ? bson::View() : arguments.required_array(member);
}

StatementBatch::StatementBatch(Operation& operation, std::size_t statements, bool ordered)
    : operation_(operation), ordered_(ordered) {
  if (RetryableWrite* retryable = operation.retryable()) retryable->set_statements(statements);
}

void StatementBatch::finish(bson::Builder& reply) {
  if (!errors_) return;
  errors_->close();
  const bson::Document errors = errors_->finish();
  reply.append(errors.view().front());
}

}  // namespace quern::engine
