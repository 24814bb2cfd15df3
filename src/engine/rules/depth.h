// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// How deep documents may be nested: what comes in is walked by recursion later.
#ifndef QUERN_ENGINE_RULES_DEPTH_H_
#define QUERN_ENGINE_RULES_DEPTH_H_

#include "quern/bson/view.h"

namespace quern::engine {

inline constexpr int kMaxCommandDepth = 200;
inline constexpr int kMaxStoredDepth = bson::Limits{}.max_depth;

// Throw Overflow (15). The outermost document is level 1.
void check_command_depth(bson::View command);
void check_stored_depth(bson::View document);

}  // namespace quern::engine

#endif  // QUERN_ENGINE_RULES_DEPTH_H_
