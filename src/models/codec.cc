// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/codec.h"

#include <algorithm>

namespace quern::internal {
namespace {

const void* member_of(const void* object, const FieldInfo& field) {
  return static_cast<const char*>(object) + field.offset;
}
void* member_of(void* object, const FieldInfo& field) {
  return static_cast<char*>(object) + field.offset;
}

bool holds_encrypted(const FieldInfo& field) {
  return field.embedded != nullptr && !field.encrypted && field.embedded->has_encrypted_fields();
}

// True for members that are left out of a document: null would be no ciphertext, an unset Id no
// key.
bool left_out(const FieldInfo& field, const void* member) {
  return (field.primary_key || holds_encrypted(field)) && field.value_type->absent(member);
}

// Whether a path is wanted: all are if nothing is listed; a listed path takes its parents and
// children.
enum class Wanted { kNo, kParts, kWhole };
Wanted wanted(const std::vector<std::string>& only, std::string_view path) {
  if (only.empty()) return Wanted::kWhole;
  Wanted result = Wanted::kNo;
  for (const std::string_view listed : only) {
    if (path == listed || (path.starts_with(listed) && path[listed.size()] == '.')) {
      return Wanted::kWhole;
    }
    if (listed.starts_with(path) && listed[path.size()] == '.') result = Wanted::kParts;
  }
  return result;
}

void collect_set(const ModelInfo& model, const void* object, const std::string& prefix,
                 const std::vector<std::string>& only, bson::Builder& set, bson::Builder& unset) {
  for (const FieldInfo& field : model.fields) {
    if (field.primary_key) continue;
    const std::string path = prefix + field.column;
    const Wanted use = wanted(only, path);
    if (use == Wanted::kNo) continue;
    const void* member = member_of(object, field);
    const bool plain_struct = field.embedded != nullptr && !field.encrypted && !field.nullable;
    if (plain_struct) {
      collect_set(*field.embedded, member, path + ".", only, set, unset);
    } else if (left_out(field, member)) {
      unset.append(path, "");
    } else if (use == Wanted::kWhole || !field.value_type->absent(member)) {
      field.value_type->encode(member, set, path);
    }
  }
}

}  // namespace

void encode_members(const ModelInfo& model, const void* object, bson::Builder& out) {
  for (const FieldInfo& field : model.fields) {
    const void* member = member_of(object, field);
    if (!left_out(field, member)) field.value_type->encode(member, out, field.column);
  }
}

void decode_members(const ModelInfo& model, void* object, bson::View document,
                    const DecodePath& path) {
  for (const FieldInfo& field : model.fields) {
    const bson::Element stored = document[field.column];
    if (!stored || (stored.is_null() && !field.nullable)) continue;
    field.value_type->decode(member_of(object, field), stored, DecodePath{&path, field.column});
  }
}

void validate_members(const ModelInfo& model, const void* object, Faults& faults) {
  for (const FieldInfo& field : model.fields) {
    const Faults::Scope scope(faults, field.name, field.encrypted.has_value());
    field.value_type->validate(member_of(object, field), faults);
  }
}

SetMembers set_members(const ModelInfo& model, const void* object,
                       const std::vector<std::string>& only) {
  bson::Builder set;
  bson::Builder unset;
  collect_set(model, object, "", only, set, unset);
  return {set.finish(), unset.finish()};
}

}  // namespace quern::internal
