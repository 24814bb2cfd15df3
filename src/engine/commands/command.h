// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A command that the engine runs: one class a command, registered with a line in
// engine/commands/commands.cc.
#ifndef QUERN_ENGINE_COMMANDS_COMMAND_H_
#define QUERN_ENGINE_COMMANDS_COMMAND_H_

#include <span>
#include <string_view>

#include "engine/session/operation.h"
#include "quern/bson/document.h"

namespace quern::engine {

// How a command may be used in a multi-document transaction.
enum class InTransaction { kRefused, kAllowed };

// What a command does to the data. Who writes confirms what it leaves, or found, in place: that is
// on the medium before the reply, where the durability says so.
enum class Effect { kReads, kWrites };

// Stateless and thread-safe: one object serves every call.
class Command {
 public:
  virtual ~Command() = default;
  virtual std::string_view name() const = 0;
  virtual InTransaction in_transaction() const { return InTransaction::kRefused; }
  virtual Effect effect() const { return Effect::kReads; }
  // Only on the database "admin".
  virtual bool admin_only() const { return false; }
  // Writes the reply's members but "ok", which the caller appends. Throws Error: the reply is then
  // {ok: 0, errmsg, code, codeName}. Members of the command that it does not know must be refused
  // with 40415 (engine/rules/arguments.h).
  virtual void run(Operation& operation, bson::Builder& reply) const = 0;
};

// The command with that name, or null.
const Command* find_command(std::string_view name);

}  // namespace quern::engine

#endif  // QUERN_ENGINE_COMMANDS_COMMAND_H_
