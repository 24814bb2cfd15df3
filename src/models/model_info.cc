// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/model_info.h"

#include <algorithm>
#include <cctype>

namespace quern {
namespace {

void collect(std::span<const FieldInfo> fields, const std::string& prefix,
             std::vector<EncryptedPath>& out) {
  for (const FieldInfo& field : fields) {
    const std::string path = prefix + field.column;
    if (field.encrypted) {
      out.push_back({path, &field});
    } else if (field.embedded != nullptr) {
      collect(field.embedded->fields, path + ".", out);
    }
  }
}

}  // namespace

const FieldInfo* ModelInfo::primary_key() const {
  const auto found = std::ranges::find(fields, true, &FieldInfo::primary_key);
  return found == fields.end() ? nullptr : &*found;
}

const FieldInfo* ModelInfo::field(std::string_view wanted) const {
  const auto found = std::ranges::find(fields, wanted, &FieldInfo::name);
  return found == fields.end() ? nullptr : &*found;
}

bool ModelInfo::has_encrypted_fields() const {
  return std::ranges::any_of(fields, [](const FieldInfo& field) {
    return field.encrypted || (field.embedded != nullptr && field.embedded->has_encrypted_fields());
  });
}

std::string ModelInfo::collection_name(std::string_view app_label) const {
  if (!db_table.empty()) return db_table;
  std::string lower = name;
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::string(app_label) + "_" + lower;
}

std::vector<EncryptedPath> encrypted_paths(const ModelInfo& model) {
  std::vector<EncryptedPath> out;
  collect(model.fields, "", out);
  return out;
}

}  // namespace quern
