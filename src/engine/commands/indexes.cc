// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// createIndexes, dropIndexes, listIndexes.
#include <algorithm>
#include <string>
#include <vector>

#include "engine/catalog/index_spec.h"
#include "engine/commands/commands.h"
#include "engine/read/batch.h"
#include "engine/rules/command_reader.h"
#include "engine/session/engine.h"
#include "quern/base/error.h"
#include "quern/bson/json.h"

namespace quern::engine {
namespace {

// The names of the indexes that dropIndexes.index means.
std::vector<std::string> indexes_to_drop(const Collection& collection, bson::ValueView index) {
  std::vector<std::string> names;
  if (index.is_string() && index.as_string() == "*") {
    for (const auto& each : collection.indexes()) names.push_back(each->name());
    return names;
  }
  if (index.is_array()) {
    for (const bson::Element& name : index.as_array()) names.emplace_back(name.as_string());
  } else if (index.is_string()) {
    names.emplace_back(index.as_string());
  } else if (index.is_document()) {
    if (is_id_key(index.as_document())) names.emplace_back("_id_");
    for (const auto& each : collection.indexes()) {
      if (each->key() == index.as_document()) names.push_back(each->name());
    }
    if (names.empty()) {
      throw DatabaseError(ErrorCode::kIndexNotFound,
                          "can't find index with key: " + bson::to_json(index.as_document()));
    }
  } else {
    throw DatabaseError(ErrorCode::kTypeMismatch,
                        "BSON field 'dropIndexes.index' must be a name, an array of names or a "
                        "key pattern");
  }
  if (std::find(names.begin(), names.end(), "_id_") != names.end()) {
    throw DatabaseError(ErrorCode::kInvalidOptions, "cannot drop _id index");
  }
  return names;
}

}  // namespace

void CreateIndexesCommand::run(Operation& operation, bson::Builder& reply) const {
  const CommandReader arguments(operation.command(), name(), {"indexes", "commitQuorum"});
  const Namespace ns = operation.ns(arguments.collection());
  const bson::View requested = arguments.required_array("indexes");
  if (requested.empty()) {
    throw DatabaseError(ErrorCode::kBadValue, "Must specify at least one index to create");
  }
  std::vector<bson::Document> specs;
  for (const bson::Element& index : requested) {
    if (!index.is_document()) {
      throw DatabaseError(ErrorCode::kTypeMismatch,
                          "The elements of the 'indexes' array must be objects");
    }
    specs.push_back(index_spec(index.as_document()));
  }
  const Collection* existing = operation.latest_collection(ns);
  if (existing == nullptr) {
    new_index_specs(nullptr, specs);  // refuses what contradicts itself before anything is created
    operation.collection_or_create(ns);
  }
  const IndexCounts counts = operation.engine().catalog().create_indexes(ns, specs, &operation);
  reply.append("numIndexesBefore", counts.before).append("numIndexesAfter", counts.after);
  reply.append("createdCollectionAutomatically", existing == nullptr);
  if (counts.after == counts.before) reply.append("note", "all indexes already exist");
}

void DropIndexesCommand::run(Operation& operation, bson::Builder& reply) const {
  const CommandReader arguments(operation.command(), name(), {"index"});
  const Namespace ns = operation.ns(arguments.collection());
  const bson::Element index = arguments.required("index");
  const IndexCounts counts = operation.engine().catalog().drop_indexes(
      ns, [&](const Collection& collection) { return indexes_to_drop(collection, index); },
      &operation);
  reply.append("nIndexesWas", counts.before);
}

void ListIndexesCommand::run(Operation& operation, bson::Builder& reply) const {
  const CommandReader arguments(operation.command(), name(), {"cursor", "includeBuildUUIDs"});
  const Namespace ns = operation.ns(arguments.collection());
  const Collection* collection = operation.latest_collection(ns);
  if (collection == nullptr) {
    throw DatabaseError(ErrorCode::kNamespaceNotFound, "ns does not exist: " + ns.to_string());
  }
  std::vector<bson::Document> documents;
  if (const bson::Element clustered = collection->options()["clusteredIndex"];
      clustered.is_document()) {
    bson::Builder b;
    b.append_all(clustered.as_document()).append("clustered", true);
    documents.push_back(b.finish());
  } else {
    documents.push_back(id_index_spec());
  }
  for (const auto& index : collection->indexes()) documents.emplace_back(index->spec());
  BatchRequest request;
  request.size = CommandReader(arguments.document("cursor"), "listIndexes.cursor", {"batchSize"})
                     .at_least("batchSize", 0);
  write_first_batch(operation, reply, ns.to_string(), nullptr,
                    query::stream_of(std::move(documents)), request);
}

}  // namespace quern::engine
