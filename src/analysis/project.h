// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Projections: $project, $addFields, $set, $unset, and the projection of find and findAndModify.
#ifndef QUERN_ANALYSIS_PROJECT_H_
#define QUERN_ANALYSIS_PROJECT_H_

#include "analysis/context.h"
#include "quern/bson/document.h"

namespace quern::analysis {

enum class ProjectionUse {
  kStage,  // $project
  kFind,   // of find and findAndModify: also positional, $slice and $elemMatch
};

// Each appends the analysed specification to the open document of out and returns the tree of the
// documents that come out.
EncryptionTree analyse_projection(Context& context, const EncryptionTree& tree, bson::View spec,
                                  ProjectionUse use, bson::Builder& out);
EncryptionTree analyse_add_fields(Context& context, const EncryptionTree& tree, bson::View spec,
                                  bson::Builder& out);

// What is left of tree without the path. Throws Error for a path below an encrypted field.
EncryptionTree without(const EncryptionTree& tree, std::string_view path);

}  // namespace quern::analysis

#endif  // QUERN_ANALYSIS_PROJECT_H_
