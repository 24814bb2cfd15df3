// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A command that the engine runs: one class a command, with a row in command/command_table.cc and a
// line in engine/commands/commands.cc.
#ifndef QUERN_ENGINE_COMMANDS_COMMAND_HANDLER_H_
#define QUERN_ENGINE_COMMANDS_COMMAND_HANDLER_H_

#include <string_view>

#include "command/command_table.h"
#include "engine/session/operation.h"
#include "quern/bson/document.h"

namespace quern::engine {

// Stateless and thread-safe: one object serves every call.
class CommandHandler {
 public:
  explicit CommandHandler(CommandId id) : row_(command_row(id)) {}
  virtual ~CommandHandler() = default;
  const CommandRow& row() const { return row_; }
  std::string_view name() const { return row_.name; }
  // Writes the reply's members but "ok", which the caller appends. Throws Error: the reply is then
  // {ok: 0, errmsg, code, codeName}. Members of the command that it does not know must be refused
  // with 40415 (engine/rules/command_reader.h).
  virtual void run(Operation& operation, bson::Builder& reply) const = 0;

 private:
  const CommandRow& row_;
};

// The command with that name, or null when the engine has none.
const CommandHandler* find_command(std::string_view name);

}  // namespace quern::engine

#endif  // QUERN_ENGINE_COMMANDS_COMMAND_HANDLER_H_
