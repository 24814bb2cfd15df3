// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/path.h"

#include <algorithm>

#include "quern/base/error.h"
#include "quern/models/meta.h"

namespace quern::internal {

const std::string& column_at(std::span<const FieldInfo> fields, std::size_t offset) {
  const auto found = std::ranges::find(fields, offset, &FieldInfo::offset);
  if (found == fields.end()) {
    throw Error(ErrorCode::kInternalError, "a member pointer leads to no member of its struct");
  }
  return found->column;
}

std::string index_name(const std::vector<IndexKey>& keys) {
  std::string name;
  for (const IndexKey& key : keys) {
    if (!name.empty()) name += '_';
    name += key.path + "_" + std::to_string(key.direction);
  }
  return name;
}

std::string constraint_name(const std::vector<std::string>& paths) {
  std::string name = "unique";
  for (const std::string& path : paths) name += "_" + path;
  return name;
}

}  // namespace quern::internal
