// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Index specifications: from a createIndexes command to the document that the catalog keeps and
// listIndexes shows.
#ifndef QUERN_ENGINE_CATALOG_INDEX_SPEC_H_
#define QUERN_ENGINE_CATALOG_INDEX_SPEC_H_

#include <string>
#include <vector>

#include "engine/catalog/collection.h"
#include "quern/bson/document.h"

namespace quern::engine {

// The index that every collection has: {v: 2, key: {_id: 1}, name: "_id_"}.
const bson::Document& id_index_spec();
bool is_id_key(bson::View key);

// Checks one element of createIndexes.indexes and puts its members in order. Throws
// CannotCreateIndex (67), InvalidIndexSpecificationOption (197), CommandNotSupported for text, geo,
// hashed, wildcard and TTL indexes and for collations.
bson::Document index_spec(bson::View index);

// Which of specs have to be created: those that the collection (null: a new one) does not have.
// Throws IndexOptionsConflict (85) and IndexKeySpecsConflict (86), CannotCreateIndex (67)
// beyond 64.
std::vector<bson::Document> new_index_specs(const Collection* collection,
                                            std::vector<bson::Document> specs);

}  // namespace quern::engine

#endif  // QUERN_ENGINE_CATALOG_INDEX_SPEC_H_
