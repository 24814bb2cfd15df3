// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/rules/depth.h"

#include <string>

#include "bson/depth.h"
#include "quern/base/error.h"

namespace quern::engine {

void check_command_depth(bson::View command) {
  if (bson::nests_within(command, kMaxCommandDepth)) return;
  throw DatabaseError(ErrorCode::kOverflow, "BSONObj exceeds maximum nested object depth: " +
                                                std::to_string(kMaxCommandDepth));
}

void check_stored_depth(bson::View document) {
  if (bson::nests_within(document, kMaxStoredDepth)) return;
  throw DatabaseError(ErrorCode::kOverflow, "Document exceeds maximum nested object depth: " +
                                                std::to_string(kMaxStoredDepth));
}

}  // namespace quern::engine
