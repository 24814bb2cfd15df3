// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/analyse.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/command.h"
#include "analysis/expression.h"
#include "analysis/marking.h"
#include "analysis/pipeline.h"
#include "analysis/refusal.h"

namespace quern::analysis {
namespace {

using bson::Element;
using bson::View;

using Names = std::span<const std::string_view>;

// What becomes of a command by its name.
struct Row {
  std::string_view name;
  void (*analyse)(const CommandAnalysis&);  // nullptr: passed on, whatever the schemas
  Names members = {};  // those that a command which is passed on may have; empty: any
};

constexpr std::string_view kGetMore[] = {"getMore", "collection", "batchSize", "term",
                                         "lastKnownCommittedOpTime"};
constexpr std::string_view kKillCursors[] = {"killCursors", "cursors"};
constexpr std::string_view kDrop[] = {"drop"};
constexpr std::string_view kDropDatabase[] = {"dropDatabase"};
constexpr std::string_view kDropIndexes[] = {"dropIndexes", "index"};
constexpr std::string_view kRenameCollection[] = {"renameCollection", "to", "dropTarget"};
constexpr std::string_view kListCollections[] = {"listCollections", "filter", "nameOnly",
                                                 "authorizedCollections", "cursor"};
constexpr std::string_view kListIndexes[] = {"listIndexes", "cursor"};

constexpr Row kCommands[] = {
    {"find", analyse_find},
    {"aggregate", analyse_aggregate},
    {"insert", analyse_insert},
    {"update", analyse_update},
    {"delete", analyse_delete},
    {"findAndModify", analyse_find_and_modify},
    {"findandmodify", analyse_find_and_modify},
    {"count", analyse_count},
    {"distinct", analyse_distinct},
    {"create", analyse_create},
    {"collMod", analyse_coll_mod},
    {"createIndexes", analyse_create_indexes},
    {"compactStructuredEncryptionData", analyse_compact},
    {"cleanupStructuredEncryptionData", analyse_compact},

    {"getMore", nullptr, kGetMore},
    {"killCursors", nullptr, kKillCursors},
    {"hello", nullptr},
    {"isMaster", nullptr},
    {"ismaster", nullptr},
    {"ping", nullptr},
    {"buildInfo", nullptr},
    {"buildinfo", nullptr},
    {"serverStatus", nullptr},
    {"getCmdLineOpts", nullptr},
    {"getLog", nullptr},
    {"startSession", nullptr},
    {"endSessions", nullptr},
    {"refreshSessions", nullptr},
    {"killSessions", nullptr},
    {"killAllSessions", nullptr},
    {"killAllSessionsByPattern", nullptr},
    {"commitTransaction", nullptr},
    {"abortTransaction", nullptr},
    {"drop", nullptr, kDrop},
    {"dropDatabase", nullptr, kDropDatabase},
    {"dropIndexes", nullptr, kDropIndexes},
    {"renameCollection", nullptr, kRenameCollection},
    {"listCollections", nullptr, kListCollections},
    {"listDatabases", nullptr},
    {"listIndexes", nullptr, kListIndexes},
    {"createSearchIndexes", nullptr},
    {"listSearchIndexes", nullptr},
    {"dropSearchIndex", nullptr},
    {"updateSearchIndex", nullptr},
    {"authenticate", nullptr},
    {"getnonce", nullptr},
    {"logout", nullptr},
    {"saslStart", nullptr},
    {"saslContinue", nullptr},
};

const Row* row_of(std::string_view name) {
  const Row* row = std::ranges::find(kCommands, name, &Row::name);
  return row == std::end(kCommands) ? nullptr : row;
}

bool can_be_explained(const Row& row) {
  return row.analyse != nullptr && row.analyse != analyse_compact;
}

void check_passed_on(const Row& row, View command) {
  if (row.members.empty()) return;
  refuse::repeated_member(row.name, command);
  for (const Element& member : command) {
    if (is_generic_member(member.key())) continue;
    if (std::ranges::find(row.members, member.key()) == row.members.end()) {
      refuse::unknown_member(row.name, member.key());
    }
  }
}

// The command proper: that inside explain, or the command itself.
struct Subject {
  const Row* row;
  View command;
  std::string_view collection;  // empty when the command is passed on
  bool explained;
};

Subject subject_of(View command) {
  Element first = command.front();
  const bool explained = first.key() == "explain";
  if (explained) {
    if (!first.is_document()) refuse::malformed("explain takes a command");
    refuse::repeated_member(first.key(), command);
    command = first.as_document();
    first = command.front();
  }
  const Row* row = row_of(first.key());
  if (row == nullptr || (explained && !can_be_explained(*row))) {
    throw NotSupported(fmt::format("command not supported for auto encryption: {}", first.key()));
  }
  if (row->analyse == nullptr) {
    check_passed_on(*row, command);
    return {row, command, {}, false};
  }
  if (!first.is_string() || first.as_string().empty()) {
    throw NotSupported(
        fmt::format("non-collection command not supported for auto encryption: {}", first.key()));
  }
  refuse::repeated_member(first.key(), command);
  return {row, command, first.as_string(), explained};
}

View pipeline_of(const Subject& subject) {
  const std::string_view name = subject.row->name;
  if (name != "aggregate" && name != "create" && name != "collMod") return {};
  const Element pipeline = subject.command["pipeline"];
  return pipeline.is_array() ? pipeline.as_array() : View();
}

// The collections that the command reads or writes, its own first. That of $out and $merge is not
// among them.
std::vector<std::string_view> collections_of(const Subject& subject) {
  std::vector<std::string_view> collections;
  if (subject.collection.empty()) return collections;
  collections.push_back(subject.collection);
  if (subject.row->name == "create" || subject.row->name == "collMod") {
    const Element source = subject.command["viewOn"];
    if (source.is_string() && source.as_string() != subject.collection) {
      collections.push_back(source.as_string());
    }
  }
  joined_collections(pipeline_of(subject), collections);
  return collections;
}

void explained_command(const CommandAnalysis& analysis, const Element& member) {
  const View command = member.as_document();
  const Row* row = row_of(command.front().key());
  analysis.out.open_document(member.key());
  row->analyse(
      {analysis.context, analysis.tree, analysis.collection, row->name, command, analysis.out});
  analysis.out.close();
}

constexpr Member kExplainMembers[] = {
    {"explain", explained_command},
    {"verbosity", copy_member},
};

void analyse_explain(const CommandAnalysis& analysis) {
  analyse_members(analysis, kExplainMembers, /*with_generic_members=*/true);
  if (!analysis.command.contains("verbosity")) {
    analysis.out.append("verbosity", "allPlansExecution");
  }
}

// Nothing in them may be encrypted: the member itself is refused for that. Of the constants in them
// any may be meant wherever one is used.
void add_variables(Context& context, const EncryptionTree& tree, const Element& let) {
  if (!let.is_document()) return;
  for (const Element& variable : let.as_document()) {
    EncryptionTree value = tree_of_expression(context, tree, variable);
    if (value.encrypts()) value = {};
    if (value.holds_constant()) value.add_constant(EncryptionTree::Constant::kAnywhere);
    context.add_variable(variable.key(), std::move(value));
  }
}

}  // namespace

std::vector<std::string> namespaces_of(std::string_view database, View command) {
  const Subject subject = subject_of(command);
  std::vector<std::string> namespaces;
  for (const std::string_view collection : collections_of(subject)) {
    namespaces.push_back(fmt::format("{}.{}", database, collection));
  }
  std::string written = output_namespace(database, pipeline_of(subject));
  if (!written.empty() && std::ranges::find(namespaces, written) == namespaces.end()) {
    namespaces.push_back(std::move(written));
  }
  return namespaces;
}

Analysis analyse(std::string_view database, View command, const SchemaMap& schemas) {
  const Subject subject = subject_of(command);
  if (subject.row->analyse == nullptr) return {false, false, bson::Document(command)};
  refuse_markings(command);

  Context context(database, schemas);
  // What $out and $merge write into an encrypted collection would not be encrypted.
  bool encrypts = context.encrypts(output_namespace(database, pipeline_of(subject)));
  const std::vector<std::string_view> collections = collections_of(subject);
  for (const std::string_view collection : collections) {
    encrypts = !context.fields_of(collection).empty() || encrypts;
  }
  if (!encrypts) {
    if (collections.size() > 1 && subject.row->name == "aggregate") {
      check_plain_pipeline(pipeline_of(subject));
    }
    return {false, false, bson::Document(command)};
  }

  const EncryptionTree tree(context.fields_of(subject.collection));
  add_variables(context, tree, subject.command["let"]);
  constexpr std::size_t kRoomForMarkings = 512;
  bson::Builder out;
  out.reserve(command.size() + kRoomForMarkings);
  if (subject.explained) {
    analyse_explain({context, tree, subject.collection, "explain", command, out});
  } else {
    subject.row->analyse({context, tree, subject.collection, subject.row->name, command, out});
  }
  return {context.marked(), true, out.finish()};
}

}  // namespace quern::analysis
