// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/command.h"

#include <algorithm>

#include "analysis/expression.h"
#include "analysis/key_pattern.h"
#include "analysis/match.h"
#include "analysis/project.h"
#include "analysis/refusal.h"
#include "command/command_table.h"

namespace quern::analysis {
namespace {

using bson::Element;
using bson::View;

constexpr std::string_view kCollation[] = {
    "locale",    "caseLevel",   "caseFirst", "strength",      "numericOrdering",
    "alternate", "maxVariable", "backwards", "normalization", "version"};

}  // namespace

void analyse_members(const CommandAnalysis& analysis, std::span<const Member> members,
                     bool with_generic_members) {
  refuse::repeated_member(analysis.name, analysis.command);
  for (const Element& element : analysis.command) {
    const auto row = std::ranges::find(members, element.key(), &Member::name);
    if (row != members.end()) {
      row->analyse(analysis, element);
    } else if (with_generic_members && is_driver_member(element.key())) {
      analysis.out.append(element);
    } else {
      refuse::unknown_member(analysis.name, element.key());
    }
  }
}

View document_member(const CommandAnalysis& analysis, const Element& member) {
  if (!member.is_document()) {
    refuse::wrong_member_type(analysis.name, member.key(), "a document", member.type());
  }
  return member.as_document();
}

View array_member(const CommandAnalysis& analysis, const Element& member) {
  if (!member.is_array()) {
    refuse::wrong_member_type(analysis.name, member.key(), "an array", member.type());
  }
  return member.as_array();
}

void copy_setting_member(const CommandAnalysis& analysis, const Element& member) {
  const bool is_setting =
      member.is_number() || member.type() == bson::Type::kBool || member.is_null();
  if (!is_setting) {
    refuse::wrong_member_type(analysis.name, member.key(), "a number or a boolean", member.type());
  }
  analysis.out.append(member);
}

void copy_setting_or_word_member(const CommandAnalysis& analysis, const Element& member) {
  constexpr std::string_view kWords[] = {"votingMembers", "majority", "off"};
  if (member.is_string() && std::ranges::find(kWords, member.as_string()) != std::end(kWords)) {
    analysis.out.append(member);
  } else {
    copy_setting_member(analysis, member);
  }
}

void copy_text_member(const CommandAnalysis& analysis, const Element& member) {
  if (!member.is_string() && !member.is_null()) {
    refuse::wrong_member_type(analysis.name, member.key(), "a string", member.type());
  }
  analysis.out.append(member);
}

void copy_document_member(const CommandAnalysis& analysis, const Element& member) {
  if (!member.is_null()) document_member(analysis, member);
  analysis.out.append(member);
}

void copy_collation_member(const CommandAnalysis& analysis, const Element& member) {
  copy_options_member<kCollation>(analysis, member);
}

void analyse_filter_member(const CommandAnalysis& analysis, const Element& member) {
  analysis.out.open_document(member.key());
  analyse_filter(analysis.context, analysis.tree, document_member(analysis, member),
                 FilterUse::kQuery, analysis.out);
  analysis.out.close();
}

void analyse_projection_member(const CommandAnalysis& analysis, const Element& member) {
  analysis.out.open_document(member.key());
  analysis.context.set_output(analyse_projection(analysis.context, analysis.tree,
                                                 document_member(analysis, member),
                                                 ProjectionUse::kFind, analysis.out));
  analysis.out.close();
}

void analyse_key_pattern_member(const CommandAnalysis& analysis, const Element& member) {
  if (!member.is_string()) check_key_pattern(member.key(), document_member(analysis, member));
  analysis.out.append(member);
}

void analyse_index_bound_member(const CommandAnalysis& analysis, const Element& member) {
  for (const Element& bound : document_member(analysis, member)) {
    if (analysis.tree.resolve(bound.key()).kind != EncryptionTree::Target::Kind::kPlain) {
      refuse::operation(std::string(member.key()) +
                        " cannot bound an index scan on the encrypted field '" +
                        std::string(bound.key()) + "'");
    }
  }
  analysis.out.append(member);
}

void analyse_let_member(const CommandAnalysis& analysis, const Element& member) {
  analysis.out.open_document(member.key());
  for (const Element& variable : document_member(analysis, member)) {
    analyse_without_document(analysis.context, variable.key(), language::parse_expression(variable),
                             analysis.out);
  }
  analysis.out.close();
}

}  // namespace quern::analysis
