// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Filters: the match language.
#ifndef QUERN_ANALYSIS_MATCH_H_
#define QUERN_ANALYSIS_MATCH_H_

#include "analysis/context.h"
#include "quern/bson/document.h"

namespace quern::analysis {

enum class FilterUse {
  kQuery,      // constants that meet an encrypted field become markings
  kValidator,  // of create, collMod and partial indexes: such comparisons are refused
};

// Appends the members of the analysed filter to the open document of out. Documents that the filter
// is matched against look like tree. The result says the same in one shape: predicates on more than
// one field become {$and: [{…}, {…}]}, and {field: value} becomes {field: {$eq: value}}.
void analyse_filter(Context& context, const EncryptionTree& tree, bson::View filter, FilterUse use,
                    bson::Builder& out);

}  // namespace quern::analysis

#endif  // QUERN_ANALYSIS_MATCH_H_
