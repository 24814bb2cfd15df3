// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The table of commands: a row each, with all that is known about a command without running it.
// Whoever runs, analyses, encrypts or decrypts commands asks here; a new command is a row, and the
// switches over CommandId that the compiler then finds incomplete.
#ifndef QUERN_COMMAND_COMMAND_TABLE_H_
#define QUERN_COMMAND_COMMAND_TABLE_H_

#include <cstdint>
#include <span>
#include <string_view>

namespace quern {

enum class CommandId : std::uint8_t {
  kAbortTransaction,
  kAggregate,
  kAuthenticate,
  kBuildInfo,
  kCleanupStructuredEncryptionData,
  kCollMod,
  kCollStats,
  kCommitTransaction,
  kCompact,
  kCompactStructuredEncryptionData,
  kCount,
  kCreate,
  kCreateIndexes,
  kCreateSearchIndexes,
  kDbStats,
  kDelete,
  kDistinct,
  kDrop,
  kDropDatabase,
  kDropIndexes,
  kDropSearchIndex,
  kEndSessions,
  kExplain,
  kFind,
  kFindAndModify,
  kGetCmdLineOpts,
  kGetLog,
  kGetMore,
  kGetnonce,
  kHello,
  kInsert,
  kKillAllSessions,
  kKillAllSessionsByPattern,
  kKillCursors,
  kKillSessions,
  kListCollections,
  kListDatabases,
  kListIndexes,
  kListSearchIndexes,
  kLogout,
  kPing,
  kRefreshSessions,
  kRenameCollection,
  kSaslContinue,
  kSaslStart,
  kServerStatus,
  kStartSession,
  kUpdate,
  kUpdateSearchIndex,
  kValidate,
};
inline constexpr std::size_t kCommandCount = static_cast<std::size_t>(CommandId::kValidate) + 1;

// What becomes of a command where collections may have encrypted fields.
enum class AnalysisRule : std::uint8_t {
  kAnalysed,         // member by member
  kPassedOn,         // as it is, whatever its members are
  kPassedOnMembers,  // as it is, if it has no other members than those of its row and generic ones
};

// When an encrypted command carries encryptionInformation to the server.
enum class EncryptionInformationRule : std::uint8_t {
  kNever,
  kWithPayload,  // only when it holds a payload that the server has to process
  kAlways,
};

// Where a reply holds documents of a collection.
enum class ReplyDocuments : std::uint8_t {
  kNone,
  kCursor,  // cursor.firstBatch or cursor.nextBatch, an array of them
  kValue,   // value, a document or null
  kValues,  // values, an array of parts of documents
};

struct CommandRow {
  CommandId id;
  std::string_view name;
  std::span<const std::string_view> aliases = {};

  bool writes = false;     // data: what it leaves, or found, in place is to be durable
  bool retryable = false;  // with a txnNumber its statements happen once, however often it is sent
  bool allowed_in_transactions = false;
  bool ends_transaction = false;
  bool admin_only = false;       // only on the database "admin"
  bool changes_schemas = false;  // what was read about schemas before may be wrong after it

  AnalysisRule analysis = AnalysisRule::kPassedOn;
  std::span<const std::string_view> members = {};  // of kPassedOnMembers
  bool explainable = false;
  EncryptionInformationRule encryption_information = EncryptionInformationRule::kNever;
  std::string_view tokens = {};  // the member that takes the tokens of all encrypted fields
  ReplyDocuments documents = ReplyDocuments::kNone;
};

// All rows, in the order of their ids.
std::span<const CommandRow> command_table();

const CommandRow& command_row(CommandId id);
// By name or alias; null for a name that no command has.
const CommandRow* find_command_row(std::string_view name);

// Members that any command may have and that never hold a value of a document. A server knows all
// of them; drivers send those that is_driver_member() knows.
std::span<const std::string_view> generic_members();
bool is_driver_member(std::string_view name);
// Those that drivers send.
std::span<const std::string_view> driver_members();

}  // namespace quern

#endif  // QUERN_COMMAND_COMMAND_TABLE_H_
