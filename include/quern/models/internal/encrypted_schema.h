// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// encryptedFields of a model: the schema that the struct declares, in MongoDB's document format.
#ifndef QUERN_MODELS_INTERNAL_ENCRYPTED_SCHEMA_H_
#define QUERN_MODELS_INTERNAL_ENCRYPTED_SCHEMA_H_

#include <functional>
#include <string>
#include <string_view>

#include "quern/base/export.h"
#include "quern/base/uuid.h"
#include "quern/bson/document.h"
#include "quern/models/model_info.h"

namespace quern {

// The alternative name of the data key of one encrypted field: "<collection>.<path>".
QUERN_EXPORT std::string key_alt_name(std::string_view collection, std::string_view path);

// Appends what stands in "queries" for a query type.
QUERN_EXPORT void append_query(bson::Builder& out, const QueryInfo& query);

// {fields: [{path, bsonType, keyId[, queries]}, …]} for the model; an empty document when it has no
// encrypted fields. key_id is asked for the data key of each path, with its alternative name.
QUERN_EXPORT bson::Document encrypted_fields(
    const ModelInfo& model, std::string_view collection,
    const std::function<Uuid(std::string_view alt_name)>& key_id);

// The same with keyAltName in place of keyId: for showing what will be created before keys exist.
QUERN_EXPORT bson::Document encrypted_fields_by_name(const ModelInfo& model,
                                                     std::string_view collection);

}  // namespace quern

#endif  // QUERN_MODELS_INTERNAL_ENCRYPTED_SCHEMA_H_
