// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// insert.
#include "analysis/command.h"
#include "analysis/document.h"
#include "analysis/refusal.h"

namespace quern::analysis {
namespace {

using bson::Element;

void documents(const CommandAnalysis& analysis, const Element& member) {
  analysis.out.open_array(member.key());
  for (const Element& document : array_member(analysis, member)) {
    if (!document.is_document()) refuse::malformed("insert.documents takes documents");
    analysis.out.open_document(document.key());
    analyse_stored_document(analysis.context, analysis.tree, document.as_document(), analysis.out);
    analysis.out.close();
  }
  analysis.out.close();
}

constexpr Member kInsertMembers[] = {
    {"insert", copy_text_member},
    {"documents", documents},
    {"ordered", copy_setting_member},
    {"bypassDocumentValidation", copy_setting_member},
    {"bypassEmptyTsReplacement", copy_setting_member},
};

}  // namespace

void analyse_insert(const CommandAnalysis& analysis) {
  analyse_members(analysis, kInsertMembers, /*with_generic_members=*/true);
}

}  // namespace quern::analysis
