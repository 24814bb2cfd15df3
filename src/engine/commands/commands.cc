// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The table of commands: whoever adds one adds its class to a file of its family and a line here.
#include "engine/commands/commands.h"

#include <string>
#include <unordered_map>

#include "engine/commands/command.h"

namespace quern::engine {
namespace {

struct Hash : std::hash<std::string_view> {
  using is_transparent = void;
};

class Table {
 public:
  Table() {
    // Diagnosis
    add<BuildInfoCommand>();
    add<HelloCommand>("isMaster", "ismaster");
    add<PingCommand>();
    // Databases and collections
    add<CollModCommand>();
    add<CreateCommand>();
    add<DropCommand>();
    add<DropDatabaseCommand>();
    add<ListCollectionsCommand>();
    add<ListDatabasesCommand>();
    add<RenameCollectionCommand>();
    // Indexes
    add<CreateIndexesCommand>();
    add<DropIndexesCommand>();
    add<ListIndexesCommand>();
    // Reading
    add<AggregateCommand>();
    add<CountCommand>();
    add<DistinctCommand>();
    add<ExplainCommand>();
    add<FindCommand>();
    add<GetMoreCommand>();
    add<KillCursorsCommand>();
    // Writing
    add<DeleteCommand>();
    add<FindAndModifyCommand>("findandmodify");
    add<InsertCommand>();
    add<UpdateCommand>();
    // Sessions and transactions
    add<AbortTransactionCommand>();
    add<CommitTransactionCommand>();
    add<EndSessionsCommand>();
    add<RefreshSessionsCommand>();
    add<StartSessionCommand>();
    // Queryable Encryption
    add<CleanupStructuredEncryptionDataCommand>();
    add<CompactStructuredEncryptionDataCommand>();
  }

  const Command* find(std::string_view name) const {
    const auto at = commands_.find(name);
    return at == commands_.end() ? nullptr : at->second.get();
  }

 private:
  template <class C, class... Aliases>
  void add(Aliases... aliases) {
    const auto command = std::make_shared<const C>();
    commands_.emplace(command->name(), command);
    (commands_.emplace(aliases, command), ...);
  }

  std::unordered_map<std::string, std::shared_ptr<const Command>, Hash, std::equal_to<>> commands_;
};

}  // namespace

const Command* find_command(std::string_view name) {
  static const Table table;
  return table.find(name);
}

}  // namespace quern::engine
