// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The classes of all commands; their bodies are in engine/commands/, a file a family.
#ifndef QUERN_ENGINE_COMMANDS_COMMANDS_H_
#define QUERN_ENGINE_COMMANDS_COMMANDS_H_

#include "engine/commands/command.h"

namespace quern::engine {

#define QUERN_COMMAND(Class, command_name, transaction, effect_on_data)                  \
  class Class : public Command {                                                         \
   public:                                                                               \
    std::string_view name() const override { return command_name; }                      \
    InTransaction in_transaction() const override { return InTransaction::transaction; } \
    Effect effect() const override { return Effect::effect_on_data; }                    \
    void run(Operation& operation, bson::Builder& reply) const override;                 \
  }
#define QUERN_ADMIN_COMMAND(Class, command_name, transaction, effect_on_data)            \
  class Class : public Command {                                                         \
   public:                                                                               \
    std::string_view name() const override { return command_name; }                      \
    InTransaction in_transaction() const override { return InTransaction::transaction; } \
    Effect effect() const override { return Effect::effect_on_data; }                    \
    bool admin_only() const override { return true; }                                    \
    void run(Operation& operation, bson::Builder& reply) const override;                 \
  }

// commands/diagnosis.cc
QUERN_COMMAND(BuildInfoCommand, "buildInfo", kRefused, kReads);
QUERN_COMMAND(HelloCommand, "hello", kAllowed, kReads);
QUERN_COMMAND(PingCommand, "ping", kRefused, kReads);

// commands/collections.cc
QUERN_COMMAND(CollModCommand, "collMod", kRefused, kWrites);
QUERN_COMMAND(CreateCommand, "create", kAllowed, kWrites);
QUERN_COMMAND(DropCommand, "drop", kRefused, kWrites);
QUERN_COMMAND(DropDatabaseCommand, "dropDatabase", kRefused, kWrites);
QUERN_COMMAND(ListCollectionsCommand, "listCollections", kRefused, kReads);
QUERN_ADMIN_COMMAND(ListDatabasesCommand, "listDatabases", kRefused, kReads);
QUERN_ADMIN_COMMAND(RenameCollectionCommand, "renameCollection", kRefused, kWrites);

// commands/indexes.cc
QUERN_COMMAND(CreateIndexesCommand, "createIndexes", kRefused, kWrites);
QUERN_COMMAND(DropIndexesCommand, "dropIndexes", kRefused, kWrites);
QUERN_COMMAND(ListIndexesCommand, "listIndexes", kRefused, kReads);

// commands/find.cc, commands/aggregate.cc, commands/explain.cc
QUERN_COMMAND(FindCommand, "find", kAllowed, kReads);
QUERN_COMMAND(GetMoreCommand, "getMore", kAllowed, kReads);
QUERN_COMMAND(KillCursorsCommand, "killCursors", kAllowed, kReads);
QUERN_COMMAND(CountCommand, "count", kAllowed, kReads);
QUERN_COMMAND(DistinctCommand, "distinct", kAllowed, kReads);
QUERN_COMMAND(AggregateCommand, "aggregate", kAllowed, kReads);
QUERN_COMMAND(ExplainCommand, "explain", kRefused, kReads);

// commands/insert.cc, commands/update.cc, commands/delete.cc, commands/find_and_modify.cc
QUERN_COMMAND(InsertCommand, "insert", kAllowed, kWrites);
QUERN_COMMAND(UpdateCommand, "update", kAllowed, kWrites);
QUERN_COMMAND(DeleteCommand, "delete", kAllowed, kWrites);
QUERN_COMMAND(FindAndModifyCommand, "findAndModify", kAllowed, kWrites);

// commands/sessions.cc. The two that end a transaction are carried out by EngineRunner, which holds
// the session.
QUERN_COMMAND(StartSessionCommand, "startSession", kRefused, kReads);
QUERN_COMMAND(EndSessionsCommand, "endSessions", kRefused, kReads);
QUERN_COMMAND(RefreshSessionsCommand, "refreshSessions", kRefused, kReads);
QUERN_ADMIN_COMMAND(CommitTransactionCommand, "commitTransaction", kAllowed, kWrites);
QUERN_ADMIN_COMMAND(AbortTransactionCommand, "abortTransaction", kAllowed, kReads);

// commands/encryption.cc
QUERN_COMMAND(CompactStructuredEncryptionDataCommand, "compactStructuredEncryptionData", kRefused,
              kWrites);
QUERN_COMMAND(CleanupStructuredEncryptionDataCommand, "cleanupStructuredEncryptionData", kRefused,
              kWrites);

#undef QUERN_COMMAND
#undef QUERN_ADMIN_COMMAND

}  // namespace quern::engine

#endif  // QUERN_ENGINE_COMMANDS_COMMANDS_H_
