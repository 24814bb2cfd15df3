// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Which class runs which command: whoever adds one adds its class to a file of its family and a
// line here.
#include "engine/commands/commands.h"

#include <array>
#include <memory>

namespace quern::engine {
namespace {

std::unique_ptr<const CommandHandler> make_command(CommandId id) {
  switch (id) {
    case CommandId::kAbortTransaction:
      return std::make_unique<AbortTransactionCommand>(id);
    case CommandId::kAggregate:
      return std::make_unique<AggregateCommand>(id);
    case CommandId::kBuildInfo:
      return std::make_unique<BuildInfoCommand>(id);
    case CommandId::kCleanupStructuredEncryptionData:
      return std::make_unique<CleanupStructuredEncryptionDataCommand>(id);
    case CommandId::kCollMod:
      return std::make_unique<CollModCommand>(id);
    case CommandId::kCollStats:
      return std::make_unique<CollStatsCommand>(id);
    case CommandId::kCommitTransaction:
      return std::make_unique<CommitTransactionCommand>(id);
    case CommandId::kCompact:
      return std::make_unique<CompactCommand>(id);
    case CommandId::kCompactStructuredEncryptionData:
      return std::make_unique<CompactStructuredEncryptionDataCommand>(id);
    case CommandId::kCount:
      return std::make_unique<CountCommand>(id);
    case CommandId::kCreate:
      return std::make_unique<CreateCommand>(id);
    case CommandId::kCreateIndexes:
      return std::make_unique<CreateIndexesCommand>(id);
    case CommandId::kDbStats:
      return std::make_unique<DbStatsCommand>(id);
    case CommandId::kDelete:
      return std::make_unique<DeleteCommand>(id);
    case CommandId::kDistinct:
      return std::make_unique<DistinctCommand>(id);
    case CommandId::kDrop:
      return std::make_unique<DropCommand>(id);
    case CommandId::kDropDatabase:
      return std::make_unique<DropDatabaseCommand>(id);
    case CommandId::kDropIndexes:
      return std::make_unique<DropIndexesCommand>(id);
    case CommandId::kEndSessions:
      return std::make_unique<EndSessionsCommand>(id);
    case CommandId::kExplain:
      return std::make_unique<ExplainCommand>(id);
    case CommandId::kFind:
      return std::make_unique<FindCommand>(id);
    case CommandId::kFindAndModify:
      return std::make_unique<FindAndModifyCommand>(id);
    case CommandId::kGetMore:
      return std::make_unique<GetMoreCommand>(id);
    case CommandId::kHello:
      return std::make_unique<HelloCommand>(id);
    case CommandId::kInsert:
      return std::make_unique<InsertCommand>(id);
    case CommandId::kKillCursors:
      return std::make_unique<KillCursorsCommand>(id);
    case CommandId::kListCollections:
      return std::make_unique<ListCollectionsCommand>(id);
    case CommandId::kListDatabases:
      return std::make_unique<ListDatabasesCommand>(id);
    case CommandId::kListIndexes:
      return std::make_unique<ListIndexesCommand>(id);
    case CommandId::kPing:
      return std::make_unique<PingCommand>(id);
    case CommandId::kRefreshSessions:
      return std::make_unique<RefreshSessionsCommand>(id);
    case CommandId::kRenameCollection:
      return std::make_unique<RenameCollectionCommand>(id);
    case CommandId::kStartSession:
      return std::make_unique<StartSessionCommand>(id);
    case CommandId::kUpdate:
      return std::make_unique<UpdateCommand>(id);
    case CommandId::kValidate:
      return std::make_unique<ValidateCommand>(id);

    // Deliberately not: they are about authentication, other servers' diagnosis, searches of text.
    case CommandId::kAuthenticate:
    case CommandId::kCreateSearchIndexes:
    case CommandId::kDropSearchIndex:
    case CommandId::kGetCmdLineOpts:
    case CommandId::kGetLog:
    case CommandId::kGetnonce:
    case CommandId::kKillAllSessions:
    case CommandId::kKillAllSessionsByPattern:
    case CommandId::kKillSessions:
    case CommandId::kListSearchIndexes:
    case CommandId::kLogout:
    case CommandId::kSaslContinue:
    case CommandId::kSaslStart:
    case CommandId::kServerStatus:
    case CommandId::kUpdateSearchIndex:
      return nullptr;
  }
  return nullptr;
}

}  // namespace

const CommandHandler* find_command(std::string_view name) {
  static const auto commands = [] {
    std::array<std::unique_ptr<const CommandHandler>, kCommandCount> all;
    for (const CommandRow& row : command_table()) {
      all[static_cast<std::size_t>(row.id)] = make_command(row.id);
    }
    return all;
  }();
  const CommandRow* row = find_command_row(name);
  return row == nullptr ? nullptr : commands[static_cast<std::size_t>(row->id)].get();
}

}  // namespace quern::engine
