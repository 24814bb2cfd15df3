// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The classes of all commands; their bodies are in engine/commands/, a file a family.
#ifndef QUERN_ENGINE_COMMANDS_H_
#define QUERN_ENGINE_COMMANDS_H_

#include "engine/command.h"

namespace quern::engine {

#define QUERN_COMMAND(Class, command_name, transaction)                                  \
  class Class : public Command {                                                         \
   public:                                                                               \
    std::string_view name() const override { return command_name; }                      \
    InTransaction in_transaction() const override { return InTransaction::transaction; } \
    void run(Operation& operation, bson::Builder& reply) const override;                 \
  }
#define QUERN_ADMIN_COMMAND(Class, command_name, transaction)                            \
  class Class : public Command {                                                         \
   public:                                                                               \
    std::string_view name() const override { return command_name; }                      \
    InTransaction in_transaction() const override { return InTransaction::transaction; } \
    bool admin_only() const override { return true; }                                    \
    void run(Operation& operation, bson::Builder& reply) const override;                 \
  }

// commands/diagnosis.cc
QUERN_COMMAND(BuildInfoCommand, "buildInfo", kRefused);
QUERN_COMMAND(HelloCommand, "hello", kAllowed);
QUERN_COMMAND(PingCommand, "ping", kRefused);

// commands/collections.cc
QUERN_COMMAND(CollModCommand, "collMod", kRefused);
QUERN_COMMAND(CreateCommand, "create", kAllowed);
QUERN_COMMAND(DropCommand, "drop", kRefused);
QUERN_COMMAND(DropDatabaseCommand, "dropDatabase", kRefused);
QUERN_COMMAND(ListCollectionsCommand, "listCollections", kRefused);
QUERN_ADMIN_COMMAND(ListDatabasesCommand, "listDatabases", kRefused);
QUERN_ADMIN_COMMAND(RenameCollectionCommand, "renameCollection", kRefused);

// commands/indexes.cc
QUERN_COMMAND(CreateIndexesCommand, "createIndexes", kRefused);
QUERN_COMMAND(DropIndexesCommand, "dropIndexes", kRefused);
QUERN_COMMAND(ListIndexesCommand, "listIndexes", kRefused);

// commands/find.cc, commands/aggregate.cc, commands/explain.cc
QUERN_COMMAND(FindCommand, "find", kAllowed);
QUERN_COMMAND(GetMoreCommand, "getMore", kAllowed);
QUERN_COMMAND(KillCursorsCommand, "killCursors", kAllowed);
QUERN_COMMAND(CountCommand, "count", kAllowed);
QUERN_COMMAND(DistinctCommand, "distinct", kAllowed);
QUERN_COMMAND(AggregateCommand, "aggregate", kAllowed);
QUERN_COMMAND(ExplainCommand, "explain", kRefused);

// commands/insert.cc, commands/update.cc, commands/delete.cc, commands/find_and_modify.cc
QUERN_COMMAND(InsertCommand, "insert", kAllowed);
QUERN_COMMAND(UpdateCommand, "update", kAllowed);
QUERN_COMMAND(DeleteCommand, "delete", kAllowed);
QUERN_COMMAND(FindAndModifyCommand, "findAndModify", kAllowed);

// commands/sessions.cc. The two that end a transaction are carried out by EngineRunner, which holds
// the session.
QUERN_COMMAND(StartSessionCommand, "startSession", kRefused);
QUERN_COMMAND(EndSessionsCommand, "endSessions", kRefused);
QUERN_COMMAND(RefreshSessionsCommand, "refreshSessions", kRefused);
QUERN_ADMIN_COMMAND(CommitTransactionCommand, "commitTransaction", kAllowed);
QUERN_ADMIN_COMMAND(AbortTransactionCommand, "abortTransaction", kAllowed);

// commands/encryption.cc
QUERN_COMMAND(CompactStructuredEncryptionDataCommand, "compactStructuredEncryptionData", kRefused);
QUERN_COMMAND(CleanupStructuredEncryptionDataCommand, "cleanupStructuredEncryptionData", kRefused);

#undef QUERN_COMMAND
#undef QUERN_ADMIN_COMMAND

}  // namespace quern::engine

#endif  // QUERN_ENGINE_COMMANDS_H_
