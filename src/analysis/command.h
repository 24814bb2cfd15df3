// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What the analyses of the commands share. command/command_table.cc has the table of commands; each
// command has a table of its members, and a member that is not in it is refused.
#ifndef QUERN_ANALYSIS_COMMAND_H_
#define QUERN_ANALYSIS_COMMAND_H_

#include <span>
#include <string_view>

#include "analysis/context.h"
#include "analysis/refusal.h"
#include "language/stage.h"
#include "quern/bson/document.h"

namespace quern::analysis {

// One command on a collection, or one statement of it.
struct CommandAnalysis {
  Context& context;
  const EncryptionTree& tree;  // of the collection's documents
  std::string_view collection;
  std::string_view name;  // of the command or statement, for messages
  bson::View command;
  bson::Builder& out;
  const language::PipelineSpec* pipeline = nullptr;  // of a command that has one
};

using AnalyseMember = void (*)(const CommandAnalysis&, const bson::Element&);

struct Member {
  std::string_view name;
  AnalyseMember analyse;
};

// Appends the analysed members in their order. Members of the table are handed to its functions,
// those that every command may have (sessions, concerns, comment, …) are copied when
// with_generic_members is set, and all others are refused.
void analyse_members(const CommandAnalysis&, std::span<const Member> members,
                     bool with_generic_members);

// Functions for the tables.
// What is copied has the type that the member has, so that no document of values takes its place.
void copy_setting_member(const CommandAnalysis&,
                         const bson::Element&);  // a number, a boolean, null
void copy_setting_or_word_member(const CommandAnalysis&,
                                 const bson::Element&);  // or a word in its place, such as "off"
void copy_text_member(const CommandAnalysis&, const bson::Element&);  // a string
void copy_document_member(const CommandAnalysis&,
                          const bson::Element&);  // whose members are options
template <const auto& kNames>                     // a document of these options, each once
void copy_options_member(const CommandAnalysis&, const bson::Element&);
void copy_collation_member(const CommandAnalysis&, const bson::Element&);
void analyse_filter_member(const CommandAnalysis&, const bson::Element&);
void analyse_projection_member(const CommandAnalysis&, const bson::Element&);
void analyse_key_pattern_member(const CommandAnalysis&, const bson::Element&);  // or a name
void analyse_index_bound_member(const CommandAnalysis&, const bson::Element&);  // min, max
void analyse_let_member(const CommandAnalysis&, const bson::Element&);

// The member's value; throws Error when it has another type.
bson::View document_member(const CommandAnalysis&, const bson::Element&);
bson::View array_member(const CommandAnalysis&, const bson::Element&);

// The commands.
void analyse_find(const CommandAnalysis&);  // read.cc
void analyse_count(const CommandAnalysis&);
void analyse_distinct(const CommandAnalysis&);
void analyse_aggregate(const CommandAnalysis&);
void analyse_insert(const CommandAnalysis&);  // insert.cc
void analyse_update(const CommandAnalysis&);  // write.cc
void analyse_delete(const CommandAnalysis&);
void analyse_find_and_modify(const CommandAnalysis&);
void analyse_create(const CommandAnalysis&);  // ddl.cc
void analyse_coll_mod(const CommandAnalysis&);
void analyse_create_indexes(const CommandAnalysis&);
void analyse_compact(const CommandAnalysis&);  // ddl.cc; cleanup too

template <const auto& kNames>
void copy_options_member(const CommandAnalysis& analysis, const bson::Element& member) {
  refuse::check_options(member.key(), document_member(analysis, member), kNames);
  analysis.out.append(member);
}

}  // namespace quern::analysis

#endif  // QUERN_ANALYSIS_COMMAND_H_
