// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/value/values.h"

#include "quern/base/error.h"

namespace quern::query {
namespace {

bool fits(bson::ValueView value, int levels) {
  if (!value.is_document() && !value.is_array()) return true;
  if (levels == 0) return false;
  for (const bson::Element& member : value.as_document_or_array()) {
    if (!fits(member.value(), levels - 1)) return false;
  }
  return true;
}

}  // namespace

void check_depth(bson::ValueView value) {
  if (fits(value, kMaxDepth)) return;
  throw Error(ErrorCode::kOverflow,
              "the result is nested more than " + std::to_string(kMaxDepth) + " levels deep");
}

}  // namespace quern::query
