// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "command/command_table.h"

#include <algorithm>
#include <unordered_map>

namespace quern {
namespace {

using Names = std::string_view[];
using enum AnalysisRule;

constexpr auto kWithPayload = EncryptionInformationRule::kWithPayload;
constexpr auto kAlways = EncryptionInformationRule::kAlways;

constexpr Names kBuildInfoAliases = {"buildinfo"};
constexpr Names kHelloAliases = {"isMaster", "ismaster"};
constexpr Names kFindAndModifyAliases = {"findandmodify"};

constexpr Names kCollStatsAliases = {"collstats"};
constexpr Names kDbStatsAliases = {"dbstats"};
constexpr Names kCollStats = {"scale"};
constexpr Names kCompact = {"force", "freeSpaceTargetMB", "dryRun"};
constexpr Names kDbStats = {"scale", "freeStorage"};
constexpr Names kDropIndexes = {"index"};
constexpr Names kGetMore = {"collection", "batchSize", "term", "lastKnownCommittedOpTime"};
constexpr Names kKillCursors = {"cursors"};
constexpr Names kListCollections = {"filter", "nameOnly", "authorizedCollections", "cursor"};
constexpr Names kListIndexes = {"cursor"};
constexpr Names kRenameCollection = {"to", "dropTarget"};
constexpr Names kValidate = {"full", "repair", "metadata", "checkBSONConformance", "background"};

constexpr CommandRow kTable[] = {
    {.id = CommandId::kAbortTransaction,
     .name = "abortTransaction",
     .allowed_in_transactions = true,
     .ends_transaction = true,
     .admin_only = true},
    {.id = CommandId::kAggregate,
     .name = "aggregate",
     .allowed_in_transactions = true,
     .analysis = kAnalysed,
     .explainable = true,
     .encryption_information = kWithPayload,
     .documents = ReplyDocuments::kCursor},
    {.id = CommandId::kAuthenticate, .name = "authenticate"},
    {.id = CommandId::kBuildInfo, .name = "buildInfo", .aliases = kBuildInfoAliases},
    {.id = CommandId::kCleanupStructuredEncryptionData,
     .name = "cleanupStructuredEncryptionData",
     .writes = true,
     .analysis = kAnalysed,
     .tokens = "cleanupTokens"},
    {.id = CommandId::kCollMod,
     .name = "collMod",
     .writes = true,
     .analysis = kAnalysed,
     .explainable = true},
    {.id = CommandId::kCollStats,
     .name = "collStats",
     .aliases = kCollStatsAliases,
     .analysis = kPassedOnMembers,
     .members = kCollStats},
    {.id = CommandId::kCommitTransaction,
     .name = "commitTransaction",
     .writes = true,
     .allowed_in_transactions = true,
     .ends_transaction = true,
     .admin_only = true},
    {.id = CommandId::kCompact,
     .name = "compact",
     .analysis = kPassedOnMembers,
     .members = kCompact},
    {.id = CommandId::kCompactStructuredEncryptionData,
     .name = "compactStructuredEncryptionData",
     .writes = true,
     .analysis = kAnalysed,
     .tokens = "compactionTokens"},
    {.id = CommandId::kCount,
     .name = "count",
     .allowed_in_transactions = true,
     .analysis = kAnalysed,
     .explainable = true,
     .encryption_information = kWithPayload},
    {.id = CommandId::kCreate,
     .name = "create",
     .writes = true,
     .allowed_in_transactions = true,
     .changes_schemas = true,
     .analysis = kAnalysed,
     .explainable = true},
    {.id = CommandId::kCreateIndexes,
     .name = "createIndexes",
     .writes = true,
     .analysis = kAnalysed,
     .explainable = true},
    {.id = CommandId::kCreateSearchIndexes, .name = "createSearchIndexes", .writes = true},
    {.id = CommandId::kDbStats,
     .name = "dbStats",
     .aliases = kDbStatsAliases,
     .analysis = kPassedOnMembers,
     .members = kDbStats},
    {.id = CommandId::kDelete,
     .name = "delete",
     .writes = true,
     .retryable = true,
     .allowed_in_transactions = true,
     .analysis = kAnalysed,
     .explainable = true,
     .encryption_information = kAlways},
    {.id = CommandId::kDistinct,
     .name = "distinct",
     .allowed_in_transactions = true,
     .analysis = kAnalysed,
     .explainable = true,
     .encryption_information = kWithPayload,
     .documents = ReplyDocuments::kValues},
    {.id = CommandId::kDrop,
     .name = "drop",
     .writes = true,
     .changes_schemas = true,
     .analysis = kPassedOnMembers},
    {.id = CommandId::kDropDatabase,
     .name = "dropDatabase",
     .writes = true,
     .changes_schemas = true,
     .analysis = kPassedOnMembers},
    {.id = CommandId::kDropIndexes,
     .name = "dropIndexes",
     .writes = true,
     .analysis = kPassedOnMembers,
     .members = kDropIndexes},
    {.id = CommandId::kDropSearchIndex, .name = "dropSearchIndex", .writes = true},
    {.id = CommandId::kEndSessions, .name = "endSessions"},
    {.id = CommandId::kExplain,
     .name = "explain",
     .analysis = kAnalysed,
     .encryption_information = kAlways},
    {.id = CommandId::kFind,
     .name = "find",
     .allowed_in_transactions = true,
     .analysis = kAnalysed,
     .explainable = true,
     .encryption_information = kWithPayload,
     .documents = ReplyDocuments::kCursor},
    {.id = CommandId::kFindAndModify,
     .name = "findAndModify",
     .aliases = kFindAndModifyAliases,
     .writes = true,
     .retryable = true,
     .allowed_in_transactions = true,
     .analysis = kAnalysed,
     .explainable = true,
     .encryption_information = kAlways,
     .documents = ReplyDocuments::kValue},
    {.id = CommandId::kGetCmdLineOpts, .name = "getCmdLineOpts"},
    {.id = CommandId::kGetLog, .name = "getLog"},
    {.id = CommandId::kGetMore,
     .name = "getMore",
     .allowed_in_transactions = true,
     .analysis = kPassedOnMembers,
     .members = kGetMore,
     .documents = ReplyDocuments::kCursor},
    {.id = CommandId::kGetnonce, .name = "getnonce"},
    {.id = CommandId::kHello,
     .name = "hello",
     .aliases = kHelloAliases,
     .allowed_in_transactions = true},
    {.id = CommandId::kInsert,
     .name = "insert",
     .writes = true,
     .retryable = true,
     .allowed_in_transactions = true,
     .analysis = kAnalysed,
     .explainable = true,
     .encryption_information = kWithPayload},
    {.id = CommandId::kKillAllSessions, .name = "killAllSessions"},
    {.id = CommandId::kKillAllSessionsByPattern, .name = "killAllSessionsByPattern"},
    {.id = CommandId::kKillCursors,
     .name = "killCursors",
     .allowed_in_transactions = true,
     .analysis = kPassedOnMembers,
     .members = kKillCursors},
    {.id = CommandId::kKillSessions, .name = "killSessions"},
    {.id = CommandId::kListCollections,
     .name = "listCollections",
     .analysis = kPassedOnMembers,
     .members = kListCollections},
    {.id = CommandId::kListDatabases, .name = "listDatabases", .admin_only = true},
    {.id = CommandId::kListIndexes,
     .name = "listIndexes",
     .analysis = kPassedOnMembers,
     .members = kListIndexes},
    {.id = CommandId::kListSearchIndexes, .name = "listSearchIndexes"},
    {.id = CommandId::kLogout, .name = "logout"},
    {.id = CommandId::kPing, .name = "ping"},
    {.id = CommandId::kRefreshSessions, .name = "refreshSessions"},
    {.id = CommandId::kRenameCollection,
     .name = "renameCollection",
     .writes = true,
     .admin_only = true,
     .changes_schemas = true,
     .analysis = kPassedOnMembers,
     .members = kRenameCollection},
    {.id = CommandId::kSaslContinue, .name = "saslContinue"},
    {.id = CommandId::kSaslStart, .name = "saslStart"},
    {.id = CommandId::kServerStatus, .name = "serverStatus"},
    {.id = CommandId::kStartSession, .name = "startSession"},
    {.id = CommandId::kUpdate,
     .name = "update",
     .writes = true,
     .retryable = true,
     .allowed_in_transactions = true,
     .analysis = kAnalysed,
     .explainable = true,
     .encryption_information = kAlways},
    {.id = CommandId::kUpdateSearchIndex, .name = "updateSearchIndex", .writes = true},
    {.id = CommandId::kValidate,
     .name = "validate",
     .analysis = kPassedOnMembers,
     .members = kValidate},
};

constexpr bool is_complete() {
  if (std::size(kTable) != kCommandCount) return false;
  for (std::size_t i = 0; i < kCommandCount; ++i) {
    if (static_cast<std::size_t>(kTable[i].id) != i) return false;
  }
  return true;
}
static_assert(is_complete(), "a row for each command, in the order of CommandId");

// Those that drivers send come first.
constexpr std::size_t kDriverMembers = 14;
constexpr Names kGenericMembers = {
    "lsid",
    "txnNumber",
    "startTransaction",
    "autocommit",
    "$clusterTime",
    "readConcern",
    "writeConcern",
    "comment",
    "maxTimeMS",
    "apiVersion",
    "apiStrict",
    "apiDeprecationErrors",
    "$readPreference",
    "$db",

    "$client",
    "$configServerState",
    "$replData",
    "databaseVersion",
    "mayBypassWriteBlocking",
    "stmtId",
    "stmtIds",
};

}  // namespace

std::span<const CommandRow> command_table() { return kTable; }

const CommandRow& command_row(CommandId id) { return kTable[static_cast<std::size_t>(id)]; }

const CommandRow* find_command_row(std::string_view name) {
  static const auto rows = [] {
    std::unordered_map<std::string_view, const CommandRow*> by_name;
    for (const CommandRow& row : kTable) {
      by_name.emplace(row.name, &row);
      for (const std::string_view alias : row.aliases) by_name.emplace(alias, &row);
    }
    return by_name;
  }();
  const auto at = rows.find(name);
  return at == rows.end() ? nullptr : at->second;
}

std::span<const std::string_view> generic_members() { return kGenericMembers; }

std::span<const std::string_view> driver_members() {
  return generic_members().first(kDriverMembers);
}

bool is_driver_member(std::string_view name) {
  return std::ranges::find(driver_members(), name) != driver_members().end();
}

}  // namespace quern
