// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What the commands that write statements have in common: how their members are read, and a batch of
// statements of which one that fails does not stop the command.
#ifndef QUERN_ENGINE_WRITE_STATEMENTS_H_
#define QUERN_ENGINE_WRITE_STATEMENTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/rules/command_reader.h"
#include "engine/session/operation.h"
#include "engine/session/retryable_write.h"
#include "engine/write/write_rules.h"
#include "quern/base/error.h"
#include "quern/bson/document.h"
#include "query/value/parse_context.h"

namespace quern::engine {

// The documents of updates or deletes: 1 to 100,000 of them. Throws InvalidLength, TypeMismatch.
std::vector<bson::View> statements_of(const CommandReader& arguments, std::string_view member);
// Borrows let.
query::ParseContext context_of(const Operation& operation, const query::Variables& let);
// Missing when it is an empty document.
bson::ValueView hint_of(const CommandReader& arguments);
// Empty when it is absent.
bson::View array_of(const CommandReader& arguments, std::string_view member);

// Runs statement i of a batch; its fault becomes an item of writeErrors. False: stop.
class StatementBatch {
 public:
  StatementBatch(Operation& operation, std::size_t statements, bool ordered);

  template <class Statement>
  bool run(std::size_t index, Statement statement) {
    if (RetryableWrite* retryable = operation_.retryable()) retryable->set_current(index);
    try {
      statement();
      return true;
    } catch (const Error& error) {
      if (error.is(ErrorCode::kMaxTimeMSExpired) ||
          (operation_.in_session_transaction() && error.has_label("TransientTransactionError"))) {
        throw;
      }
      if (!errors_) {
        errors_.emplace();
        errors_->open_array("writeErrors");
      }
      push_write_error(*errors_, static_cast<std::int32_t>(index), error);
      return !ordered_ && !operation_.in_session_transaction();
    }
  }

  // Appends writeErrors, if there are any.
  void finish(bson::Builder& reply);

 private:
  Operation& operation_;
  bool ordered_;
  std::optional<bson::Builder> errors_;
};

}  // namespace quern::engine

#endif  // QUERN_ENGINE_WRITE_STATEMENTS_H_
