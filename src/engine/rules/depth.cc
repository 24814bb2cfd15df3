// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/rules/depth.h"

#include <string>

#include "quern/base/error.h"

namespace quern::engine {
namespace {

bool fits(bson::View document, int levels) {
  if (levels == 0) return false;
  for (const bson::Element& member : document) {
    const bool nested = member.is_document() || member.is_array();
    if (nested && !fits(member.value().as_document_or_array(), levels - 1)) return false;
    if (member.type() == bson::Type::kCodeWithScope &&
        !fits(member.value().as_code_with_scope().scope, levels - 1)) {
      return false;
    }
  }
  return true;
}

}  // namespace

void check_command_depth(bson::View command) {
  if (fits(command, kMaxCommandDepth)) return;
  throw DatabaseError(ErrorCode::kOverflow, "BSONObj exceeds maximum nested object depth: " +
                                                std::to_string(kMaxCommandDepth));
}

void check_stored_depth(bson::View document) {
  if (fits(document, kMaxStoredDepth)) return;
  throw DatabaseError(ErrorCode::kOverflow, "Document exceeds maximum nested object depth: " +
                                                std::to_string(kMaxStoredDepth));
}

}  // namespace quern::engine
