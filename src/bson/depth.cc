// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "bson/depth.h"

namespace quern::bson {

bool nests_within(View document, int levels) {
  if (levels == 0) return false;
  for (const Element& member : document) {
    const bool nested = member.is_document() || member.is_array();
    if (nested && !nests_within(member.value().as_document_or_array(), levels - 1)) return false;
    if (member.type() == Type::kCodeWithScope &&
        !nests_within(member.value().as_code_with_scope().scope, levels - 1)) {
      return false;
    }
  }
  return true;
}

}  // namespace quern::bson
