// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The run-time description of a model: what its struct declares, without the struct's type. It is
// built once per type from the struct itself (model_info<T>() in model.h), never changes afterwards
// and may be read from any thread. Migrations compare it, projects derive encryptedFields from it,
// codecs walk it.
#ifndef QUERN_MODELS_MODEL_INFO_H_
#define QUERN_MODELS_MODEL_INFO_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quern/base/export.h"
#include "quern/bson/document.h"
#include "quern/models/query_info.h"

namespace quern {

struct ModelInfo;
class ValueType;  // encodes, decodes and validates values of one C++ type

struct EncryptionInfo {
  std::vector<QueryInfo> queries;  // empty: stored and read, never queried
  friend bool operator==(const EncryptionInfo&, const EncryptionInfo&) = default;
};

// One allowed value of an enumeration.
struct ChoiceInfo {
  std::string name;
  bson::Value stored;  // the name as a string, or the number
};

// How values of a C++ type are stored, and what validation asks of them.
struct ValueInfo {
  bson::Type type = bson::Type::kEnd;  // of a value that is there; bson::alias() names it
  bool nullable = false;               // std::optional: null, or absent, is allowed
  bool allow_blank = true;             // false: an empty string is a fault
  std::optional<int> max_length;       // in code points
  std::optional<int> max_digits;
  std::optional<int> decimal_places;
  std::vector<ChoiceInfo> choices;      // of an enumeration; empty: any value
  const ModelInfo* embedded = nullptr;  // type kDocument: the struct it is
  const ValueInfo* element = nullptr;   // type kArray: of its elements
};

// One member of a struct.
struct FieldInfo : ValueInfo {
  std::string name;           // of the C++ member
  std::string column;         // of the stored member; "_id" for the Id
  bool primary_key = false;   // the Id
  bson::Value default_value;  // of the default member initialiser; missing for the Id,
                              // for an absent optional and for anything encrypted inside
  std::optional<EncryptionInfo> encrypted;  // Encrypted<…>; embedded then describes the plaintext
  std::size_t offset = 0;                   // of the member in the struct
  const ValueType* value_type = nullptr;
};

struct IndexKey {
  std::string path;  // stored, dotted
  int direction = 1;
  friend bool operator==(const IndexKey&, const IndexKey&) = default;
};

struct IndexInfo {
  std::string name;  // given, or made of keys and directions as MongoDB does: "name_1_age_-1"
  std::vector<IndexKey> keys;
  friend bool operator==(const IndexInfo&, const IndexInfo&) = default;
};

// A unique constraint: a unique index that, as in SQL, lets several documents have no value.
struct ConstraintInfo {
  std::string name;  // given, or "unique_" and the paths
  std::vector<std::string> paths;
  friend bool operator==(const ConstraintInfo&, const ConstraintInfo&) = default;
};

// A struct. With an Id it is a collection of its own, without one it can only be embedded.
struct QUERN_EXPORT ModelInfo {
  std::string name;  // of the struct, without namespaces: "Patient"
  std::span<const FieldInfo> fields;
  std::string db_table;  // Meta::db_table; empty: collection_name() makes one
  std::vector<IndexKey> ordering;
  std::vector<IndexInfo> indexes;
  std::vector<ConstraintInfo> constraints;

  bool is_collection() const { return primary_key() != nullptr; }
  const FieldInfo* primary_key() const;
  const FieldInfo* field(std::string_view name) const;  // by C++ name; null when there is none
  bool has_encrypted_fields() const;                    // at any depth
  // db_table, or "<app>_<name in lower case>".
  std::string collection_name(std::string_view app_label) const;
};

// An encrypted field of a collection by its stored, dotted path.
struct EncryptedPath {
  std::string path;
  const FieldInfo* field;
};

// All encrypted fields of a collection, in order of declaration, however deep they are nested.
QUERN_EXPORT std::vector<EncryptedPath> encrypted_paths(const ModelInfo& model);

// A model under the label of the app that registered it: what routers are asked about.
struct ModelRef {
  std::string app_label;
  std::string name;        // "Patient"
  std::string collection;  // info->collection_name(app_label)
  const ModelInfo* info = nullptr;
};

}  // namespace quern

#endif  // QUERN_MODELS_MODEL_INFO_H_
