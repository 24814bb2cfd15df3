// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What update and findAndModify do to a document.
#ifndef QUERN_ANALYSIS_UPDATE_H_
#define QUERN_ANALYSIS_UPDATE_H_

#include "analysis/command.h"

namespace quern::analysis {

// For the tables of members: a replacement document, a document of update operators, or a pipeline
// (which is refused); and the filters of array elements.
void analyse_update_member(const CommandAnalysis&, const bson::Element&);
void analyse_array_filters_member(const CommandAnalysis&, const bson::Element&);

}  // namespace quern::analysis

#endif  // QUERN_ANALYSIS_UPDATE_H_
