// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/analyse.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "analysis/command.h"
#include "analysis/expression.h"
#include "analysis/marking.h"
#include "analysis/pipeline.h"
#include "analysis/refusal.h"
#include "command/command_table.h"
#include "language/variable.h"

namespace quern::analysis {

using bson::Element;
using bson::View;

// The command proper: that inside explain, or the command itself.
struct SubjectParts {
  const CommandRow* row;
  View command;
  std::string_view collection;  // empty when the command is passed on
  bool explained;
  std::optional<language::PipelineSpec> pipeline = {};
  std::string_view database = {};
  View given = {};                           // with explain
  std::vector<std::string> namespaces = {};  // the collections that it reads, and what it writes
  std::vector<std::string_view> collections = {};  // that it reads or writes, its own first
  std::vector<std::string> written = {};           // by $out and $merge
};

namespace {

using AnalyseCommand = void (*)(const CommandAnalysis&);

// The analysis of a command; null for one that is passed on, and for explain, which is analysed as
// the command that it explains.
AnalyseCommand analysis_of(CommandId id) {
  switch (id) {
    case CommandId::kAggregate:
      return analyse_aggregate;
    case CommandId::kCleanupStructuredEncryptionData:
      return analyse_compact;
    case CommandId::kCollMod:
      return analyse_coll_mod;
    case CommandId::kCompactStructuredEncryptionData:
      return analyse_compact;
    case CommandId::kCount:
      return analyse_count;
    case CommandId::kCreate:
      return analyse_create;
    case CommandId::kCreateIndexes:
      return analyse_create_indexes;
    case CommandId::kDelete:
      return analyse_delete;
    case CommandId::kDistinct:
      return analyse_distinct;
    case CommandId::kFind:
      return analyse_find;
    case CommandId::kFindAndModify:
      return analyse_find_and_modify;
    case CommandId::kInsert:
      return analyse_insert;
    case CommandId::kUpdate:
      return analyse_update;
    case CommandId::kExplain:
    case CommandId::kAbortTransaction:
    case CommandId::kAuthenticate:
    case CommandId::kBuildInfo:
    case CommandId::kCollStats:
    case CommandId::kCommitTransaction:
    case CommandId::kCompact:
    case CommandId::kCreateSearchIndexes:
    case CommandId::kDbStats:
    case CommandId::kDrop:
    case CommandId::kDropDatabase:
    case CommandId::kDropIndexes:
    case CommandId::kDropSearchIndex:
    case CommandId::kEndSessions:
    case CommandId::kGetCmdLineOpts:
    case CommandId::kGetLog:
    case CommandId::kGetMore:
    case CommandId::kGetnonce:
    case CommandId::kHello:
    case CommandId::kKillAllSessions:
    case CommandId::kKillAllSessionsByPattern:
    case CommandId::kKillCursors:
    case CommandId::kKillSessions:
    case CommandId::kListCollections:
    case CommandId::kListDatabases:
    case CommandId::kListIndexes:
    case CommandId::kListSearchIndexes:
    case CommandId::kLogout:
    case CommandId::kPing:
    case CommandId::kRefreshSessions:
    case CommandId::kRenameCollection:
    case CommandId::kSaslContinue:
    case CommandId::kSaslStart:
    case CommandId::kServerStatus:
    case CommandId::kStartSession:
    case CommandId::kUpdateSearchIndex:
    case CommandId::kValidate:
      return nullptr;
  }
  return nullptr;
}

void check_passed_on(const CommandRow& row, View command) {
  if (row.analysis != AnalysisRule::kPassedOnMembers) return;
  bson::StrictReader(
      command, row.name,
      bson::Members{.known = row.members, .shared = driver_members(), .names_itself = true},
      refuse::kMemberFaults);
}

bool may_define_view(CommandId id) { return id == CommandId::kCreate || id == CommandId::kCollMod; }

std::optional<language::PipelineSpec> pipeline_of(const CommandRow& row, View command) {
  if (row.id != CommandId::kAggregate && !may_define_view(row.id)) return std::nullopt;
  const Element pipeline = command["pipeline"];
  if (!pipeline) return std::nullopt;
  if (!pipeline.is_array()) {
    refuse::wrong_member_type(row.name, pipeline.key(), "an array", pipeline.type());
  }
  return language::parse_pipeline(pipeline.as_array());
}

SubjectParts parts_of(View command) {
  Element first = command.front();
  const bool explained = first.key() == "explain";
  if (explained) {
    if (!first.is_document()) refuse::malformed("explain takes a command");
    refuse::repeated_member(first.key(), command);
    command = first.as_document();
    first = command.front();
  }
  if (!first)
    refuse::malformed("a command is a document whose first key is its name: this one is empty");
  const CommandRow* row = find_command_row(first.key());
  if (row == nullptr || (explained ? !row->explainable : row->id == CommandId::kExplain)) {
    throw NotSupported(fmt::format("command not supported for auto encryption: {}", first.key()));
  }
  if (row->analysis != AnalysisRule::kAnalysed) {
    check_passed_on(*row, command);
    return {row, command, {}, false};
  }
  if (!first.is_string() || first.as_string().empty()) {
    throw NotSupported(
        fmt::format("non-collection command not supported for auto encryption: {}", first.key()));
  }
  refuse::repeated_member(first.key(), command);
  return {row, command, first.as_string(), explained, pipeline_of(*row, command)};
}

using language::CollectionReference;

std::vector<CollectionReference> references_of(const SubjectParts& subject) {
  if (!subject.pipeline) return {};
  return language::collection_references(*subject.pipeline);
}

// The collections that the command reads or writes, its own first. That of $out and $merge is not
// among them.
std::vector<std::string_view> collections_of(const SubjectParts& subject) {
  std::vector<std::string_view> collections;
  if (subject.collection.empty()) return collections;
  collections.push_back(subject.collection);
  if (may_define_view(subject.row->id)) {
    const Element source = subject.command["viewOn"];
    if (source.is_string() && source.as_string() != subject.collection) {
      collections.push_back(source.as_string());
    }
  }
  for (const CollectionReference& reference : references_of(subject)) {
    if (reference.written) continue;
    if (std::ranges::find(collections, reference.collection) == collections.end()) {
      collections.push_back(reference.collection);
    }
  }
  return collections;
}

// The namespaces that $out and $merge write to.
std::vector<std::string> output_namespaces(std::string_view database, const SubjectParts& subject) {
  std::vector<std::string> namespaces;
  for (const CollectionReference& reference : references_of(subject)) {
    if (!reference.written) continue;
    namespaces.push_back(
        fmt::format("{}.{}", reference.database.value_or(database), reference.collection));
  }
  return namespaces;
}

void explained_command(const CommandAnalysis& analysis, const Element& member) {
  const View command = member.as_document();
  const CommandRow& row = *find_command_row(command.front().key());
  analysis.out.open_document(member.key());
  analysis_of(row.id)({analysis.context, analysis.tree, analysis.collection, row.name, command,
                       analysis.out, analysis.pipeline});
  analysis.out.close();
}

constexpr Member kExplainMembers[] = {
    {"explain", explained_command},
    {"verbosity", copy_text_member},
};

void analyse_explain(const CommandAnalysis& analysis) {
  analyse_members(analysis, kExplainMembers, /*with_generic_members=*/true);
  if (!analysis.command.contains("verbosity")) {
    analysis.out.append("verbosity", "allPlansExecution");
  }
}

// Nothing in them is encrypted: they are evaluated before any document. Of the constants in them
// any may be meant wherever one is used.
void add_variables(Context& context, const Element& let) {
  if (!let.is_document()) return;
  language::check_let(let.as_document());
  for (const Element& variable : let.as_document()) {
    EncryptionTree value =
        tree_of_expression(context, nullptr, language::parse_expression(variable));
    if (value.holds_constant()) value.add_constant(EncryptionTree::Constant::kAnywhere);
    context.add_variable(variable.key(), std::move(value));
  }
}

OutputTree output_of(const SubjectParts& subject, const Context& context,
                     const CompiledSchema& schema) {
  if (subject.explained || subject.row->documents == ReplyDocuments::kNone) return {};
  return context.output() ? OutputTree(*context.output()) : schema.output();
}

}  // namespace

Subject::Subject(std::string_view database, View command) {
  auto made = std::make_unique<SubjectParts>(parts_of(command));
  SubjectParts& parts = *made;
  parts.database = database;
  parts.given = command;
  parts.collections = collections_of(parts);
  parts.written = output_namespaces(database, parts);
  for (const std::string_view collection : parts.collections) {
    parts.namespaces.push_back(fmt::format("{}.{}", database, collection));
  }
  for (const std::string& written : parts.written) {
    if (std::ranges::find(parts.namespaces, written) == parts.namespaces.end()) {
      parts.namespaces.push_back(written);
    }
  }
  parts_ = std::move(made);
}

Subject::Subject(Subject&&) noexcept = default;
Subject& Subject::operator=(Subject&&) noexcept = default;
Subject::~Subject() = default;

const std::vector<std::string>& Subject::namespaces() const { return parts_->namespaces; }

Analysis analyse(const Subject& given, const SchemaMap& schemas, MarkingSink& sink) {
  const SubjectParts& subject = *given.parts_;
  if (subject.row->analysis != AnalysisRule::kAnalysed) {
    return {.result = bson::Document(subject.given)};
  }
  const bool has_payload = holds_payload(subject.given);

  Context context(subject.database, schemas, sink);
  // What $out and $merge write into an encrypted collection would not be encrypted.
  bool encrypts = std::ranges::any_of(
      subject.written, [&](const std::string& written) { return context.encrypts(written); });
  for (const std::string_view collection : subject.collections) {
    encrypts = context.tree_of(collection).encrypts() || encrypts;
  }
  if (!encrypts) {
    if (subject.collections.size() > 1 && subject.row->id == CommandId::kAggregate) {
      check_plain_pipeline(*subject.pipeline);
    }
    return {.holds_payload = has_payload, .result = bson::Document(subject.given)};
  }

  const CompiledSchema& schema = context.schema_of(subject.collection);
  const EncryptionTree& tree = schema.tree();
  add_variables(context, subject.command["let"]);
  constexpr std::size_t kRoomForMarkings = 512;
  bson::Builder out;
  out.reserve(subject.given.size() + kRoomForMarkings);
  const language::PipelineSpec* pipeline = subject.pipeline ? &*subject.pipeline : nullptr;
  if (subject.explained) {
    analyse_explain({context, tree, subject.collection, "explain", subject.given, out, pipeline});
  } else {
    analysis_of(subject.row->id)(
        {context, tree, subject.collection, subject.row->name, subject.command, out, pipeline});
  }
  return {context.marked(), true, has_payload, out.finish(), output_of(subject, context, schema)};
}

Analysis analyse(const Subject& subject, const SchemaMap& schemas) {
  PlaceholderSink sink;
  return analyse(subject, schemas, sink);
}

Analysis analyse(std::string_view database, View command, const SchemaMap& schemas) {
  return analyse(Subject(database, command), schemas);
}

}  // namespace quern::analysis
