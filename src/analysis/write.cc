// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// update, delete, findAndModify.
#include "analysis/command.h"
#include "analysis/refusal.h"
#include "analysis/update.h"

namespace quern::analysis {
namespace {

using bson::Element;

// Analyses each statement of an update or delete command.
void statements(const CommandAnalysis& analysis, const Element& member, std::string_view name,
                std::span<const Member> members) {
  analysis.out.open_array(member.key());
  for (const Element& statement : array_member(analysis, member)) {
    if (!statement.is_document()) {
      refuse::wrong_member_type(analysis.name, member.key(), "an array of documents",
                                statement.type());
    }
    analysis.out.open_document(statement.key());
    analyse_members({analysis.context, analysis.tree, analysis.collection, name,
                     statement.as_document(), analysis.out},
                    members, /*with_generic_members=*/false);
    analysis.out.close();
  }
  analysis.out.close();
}

void multi(const CommandAnalysis& analysis, const Element& member) {
  if (member.truthy()) {
    refuse::operation("Multi-document updates are not allowed with Queryable Encryption");
  }
  analysis.out.append(member);
}

constexpr Member kUpdateStatement[] = {
    {"q", analyse_filter_member},
    {"u", analyse_update_member},
    {"multi", multi},
    {"upsert", copy_setting_member},
    {"arrayFilters", analyse_array_filters_member},
    {"hint", analyse_key_pattern_member},
    {"sort", analyse_key_pattern_member},
    {"collation", copy_collation_member},
};

void updates(const CommandAnalysis& analysis, const Element& member) {
  statements(analysis, member, "update.updates", kUpdateStatement);
}

constexpr Member kUpdateMembers[] = {
    {"update", copy_text_member},     {"updates", updates},
    {"ordered", copy_setting_member}, {"bypassDocumentValidation", copy_setting_member},
    {"let", analyse_let_member},      {"bypassEmptyTsReplacement", copy_setting_member},
};

constexpr Member kDeleteStatement[] = {
    {"q", analyse_filter_member},
    {"limit", copy_setting_member},
    {"hint", analyse_key_pattern_member},
    {"collation", copy_collation_member},
};

void deletes(const CommandAnalysis& analysis, const Element& member) {
  statements(analysis, member, "delete.deletes", kDeleteStatement);
}

constexpr Member kDeleteMembers[] = {
    {"delete", copy_text_member},
    {"deletes", deletes},
    {"ordered", copy_setting_member},
    {"let", analyse_let_member},
};

constexpr Member kFindAndModifyMembers[] = {
    {"findAndModify", copy_text_member},
    {"findandmodify", copy_text_member},
    {"query", analyse_filter_member},
    {"update", analyse_update_member},
    {"fields", analyse_projection_member},
    {"sort", analyse_key_pattern_member},
    {"hint", analyse_key_pattern_member},
    {"arrayFilters", analyse_array_filters_member},
    {"let", analyse_let_member},
    {"remove", copy_setting_member},
    {"new", copy_setting_member},
    {"upsert", copy_setting_member},
    {"collation", copy_collation_member},
    {"bypassDocumentValidation", copy_setting_member},
    {"bypassEmptyTsReplacement", copy_setting_member},
};

}  // namespace

void analyse_update(const CommandAnalysis& analysis) {
  analyse_members(analysis, kUpdateMembers, /*with_generic_members=*/true);
}

void analyse_delete(const CommandAnalysis& analysis) {
  analyse_members(analysis, kDeleteMembers, /*with_generic_members=*/true);
}

void analyse_find_and_modify(const CommandAnalysis& analysis) {
  analyse_members(analysis, kFindAndModifyMembers, /*with_generic_members=*/true);
}

}  // namespace quern::analysis
