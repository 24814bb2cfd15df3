// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The classes of all commands; their bodies are in engine/commands/, a file a family.
#ifndef QUERN_ENGINE_COMMANDS_COMMANDS_H_
#define QUERN_ENGINE_COMMANDS_COMMANDS_H_

#include "engine/commands/command_handler.h"

namespace quern::engine {

#define QUERN_COMMAND(Class)                                             \
  class Class : public CommandHandler {                                  \
   public:                                                               \
    using CommandHandler::CommandHandler;                                \
    void run(Operation& operation, bson::Builder& reply) const override; \
  }

// commands/diagnosis.cc
QUERN_COMMAND(BuildInfoCommand);
QUERN_COMMAND(HelloCommand);
QUERN_COMMAND(PingCommand);

// commands/collections.cc
QUERN_COMMAND(CollModCommand);
QUERN_COMMAND(CreateCommand);
QUERN_COMMAND(DropCommand);
QUERN_COMMAND(DropDatabaseCommand);
QUERN_COMMAND(ListCollectionsCommand);
QUERN_COMMAND(ListDatabasesCommand);
QUERN_COMMAND(RenameCollectionCommand);

// commands/maintenance.cc
QUERN_COMMAND(CompactCommand);
QUERN_COMMAND(ValidateCommand);

// commands/statistics.cc
QUERN_COMMAND(CollStatsCommand);
QUERN_COMMAND(DbStatsCommand);

// commands/indexes.cc
QUERN_COMMAND(CreateIndexesCommand);
QUERN_COMMAND(DropIndexesCommand);
QUERN_COMMAND(ListIndexesCommand);

// commands/find.cc, commands/aggregate.cc (which has explain)
QUERN_COMMAND(FindCommand);
QUERN_COMMAND(GetMoreCommand);
QUERN_COMMAND(KillCursorsCommand);
QUERN_COMMAND(CountCommand);
QUERN_COMMAND(DistinctCommand);
QUERN_COMMAND(AggregateCommand);
QUERN_COMMAND(ExplainCommand);

// commands/insert.cc, commands/update.cc, commands/delete.cc, commands/find_and_modify.cc
QUERN_COMMAND(InsertCommand);
QUERN_COMMAND(UpdateCommand);
QUERN_COMMAND(DeleteCommand);
QUERN_COMMAND(FindAndModifyCommand);

// commands/sessions.cc. The two that end a transaction are carried out by EngineRunner, which holds
// the session.
QUERN_COMMAND(StartSessionCommand);
QUERN_COMMAND(EndSessionsCommand);
QUERN_COMMAND(RefreshSessionsCommand);
QUERN_COMMAND(CommitTransactionCommand);
QUERN_COMMAND(AbortTransactionCommand);

// commands/encryption.cc
QUERN_COMMAND(CompactStructuredEncryptionDataCommand);
QUERN_COMMAND(CleanupStructuredEncryptionDataCommand);

#undef QUERN_COMMAND

}  // namespace quern::engine

#endif  // QUERN_ENGINE_COMMANDS_COMMANDS_H_
