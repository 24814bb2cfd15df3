// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/path.h"

#include <algorithm>
#include <functional>
#include <mutex>
#include <set>

#include "models/struct_fields.h"
#include "quern/base/error.h"
#include "quern/models/meta.h"

namespace quern::internal {

std::string_view joined_path(std::string_view first, std::string_view rest) {
  static std::mutex mutex;
  static auto& texts = *new std::set<std::string, std::less<>>;  // used until the very end
  std::string text;
  text.append(first).append(1, '.').append(rest);
  const std::lock_guard lock(mutex);
  return *texts.insert(std::move(text)).first;
}

std::string_view column_at(const StructFields& fields, std::size_t offset) {
  const auto found = std::ranges::find(fields.list, offset, &FieldInfo::offset);
  if (found == fields.list.end()) {
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
