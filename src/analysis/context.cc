// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/context.h"

#include <fmt/format.h>

#include "quern/base/error.h"

namespace quern::analysis {

const CompiledSchema& Context::schema_of(std::string_view collection) const {
  const std::string ns = fmt::format("{}.{}", database_, collection);
  const auto found = schemas_.find(ns);
  if (found == schemas_.end()) {
    throw Error(ErrorCode::kBadValue,
                fmt::format("Missing encryption schema for namespace: {}", ns));
  }
  return found->second;
}

bool Context::encrypts(std::string_view ns) const {
  const auto found = schemas_.find(ns);
  return found != schemas_.end() && !found->second.fields().empty();
}

}  // namespace quern::analysis
