// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Aggregation pipelines, stage by stage.
#ifndef QUERN_ANALYSIS_PIPELINE_H_
#define QUERN_ANALYSIS_PIPELINE_H_

#include <string_view>

#include "analysis/context.h"
#include "language/stage.h"
#include "quern/bson/document.h"

namespace quern::analysis {

// Appends the analysed stages under the key and returns the tree of the documents that come out.
// collection is where the pipeline's documents, which look like tree, come from.
EncryptionTree analyse_pipeline(Context& context, EncryptionTree tree, std::string_view collection,
                                std::string_view key, const language::PipelineSpec& stages,
                                bson::Builder& out);

// For a pipeline over several collections of which none has encrypted fields: checks only that its
// stages are among those that automatic encryption supports.
void check_plain_pipeline(const language::PipelineSpec& stages);

}  // namespace quern::analysis

#endif  // QUERN_ANALYSIS_PIPELINE_H_
