// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/value/values.h"

#include "bson/depth.h"
#include "quern/base/error.h"

namespace quern::query {

void check_depth(bson::ValueView value) {
  if (!value.is_document() && !value.is_array()) return;
  if (bson::nests_within(value.as_document_or_array(), kMaxDepth)) return;
  throw Error(ErrorCode::kOverflow,
              "the result is nested more than " + std::to_string(kMaxDepth) + " levels deep");
}

}  // namespace quern::query
