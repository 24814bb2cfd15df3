// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// collStats, dbStats. Counts and sizes of documents are counted; what they and the index entries
// take on the medium is the store's estimate.
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "engine/commands/commands.h"
#include "engine/rules/command_reader.h"
#include "engine/session/engine.h"
#include "storage/table_range.h"

namespace quern::engine {
namespace {

struct Statistics {
  std::int64_t documents = 0;
  std::int64_t bytes = 0;    // of documents
  std::int64_t storage = 0;  // of documents, on the medium
  std::int64_t indexes = 0;  // with that on _id
  std::int64_t index_storage = 0;

  std::int64_t average() const { return documents == 0 ? 0 : bytes / documents; }
};

std::int64_t stored_size(Operation& operation, std::uint32_t table) {
  return static_cast<std::int64_t>(operation.store().approximate_size(storage::TableRange(table)));
}

void add(Operation& operation, const Collection& collection, Statistics& statistics) {
  for (RecordCursor cursor = collection.scan(operation); cursor.next();) {
    operation.check_interrupt();
    ++statistics.documents;
    statistics.bytes += static_cast<std::int64_t>(cursor.bytes().size());
  }
  statistics.storage += stored_size(operation, collection.table());
  statistics.indexes +=
      static_cast<std::int64_t>(collection.indexes().size()) + (collection.is_clustered() ? 0 : 1);
  for (const auto& index : collection.indexes()) {
    statistics.index_storage += stored_size(operation, index->table());
  }
}

std::int64_t scale_of(const CommandReader& arguments) {
  return arguments.at_least("scale", 1).value_or(1);
}

}  // namespace

void CollStatsCommand::run(Operation& operation, bson::Builder& reply) const {
  const CommandReader arguments(operation.command(), name(), {"scale"});
  const std::int64_t scale = scale_of(arguments);
  const Namespace ns = operation.ns(arguments.collection());
  const Collection* collection = operation.collection(ns);
  Statistics statistics;
  if (collection != nullptr) add(operation, *collection, statistics);
  reply.append("ns", ns.to_string());
  reply.append("size", statistics.bytes / scale).append("count", statistics.documents);
  if (statistics.documents != 0) reply.append("avgObjSize", statistics.average());
  reply.append("numOrphanDocs", std::int64_t{0});
  reply.append("storageSize", statistics.storage / scale);
  reply.append("freeStorageSize", std::int64_t{0}).append("capped", false);
  reply.append("nindexes", statistics.indexes);
  reply.open_array("indexBuilds").close();
  reply.append("totalIndexSize", statistics.index_storage / scale);
  reply.append("totalSize", (statistics.storage + statistics.index_storage) / scale);
  reply.open_document("indexSizes");
  if (collection != nullptr) {
    // The records are their own index on _id.
    if (!collection->is_clustered()) reply.append("_id_", std::int64_t{0});
    for (const auto& index : collection->indexes()) {
      reply.append(index->name(), stored_size(operation, index->table()) / scale);
    }
  }
  reply.close();
  reply.append("scaleFactor", scale);
}

void DbStatsCommand::run(Operation& operation, bson::Builder& reply) const {
  const CommandReader arguments(operation.command(), name(), {"scale", "freeStorage"});
  const std::int64_t scale = scale_of(arguments);
  const bool with_free = arguments.boolean("freeStorage", false);
  const auto scaled = [scale](double bytes) { return bytes / static_cast<double>(scale); };
  const auto snapshot = operation.engine().catalog().snapshot();
  Statistics statistics;
  std::int64_t collections = 0;
  for (const Collection* seen : snapshot->collections(operation.database())) {
    const Collection* collection = operation.collection(seen->ns());
    if (collection == nullptr) continue;  // just dropped
    ++collections;
    add(operation, *collection, statistics);
  }
  reply.append("db", operation.database()).append("collections", collections);
  reply.append("views", std::int64_t{0}).append("objects", statistics.documents);
  reply.append("avgObjSize", statistics.documents == 0
                                 ? 0.0
                                 : static_cast<double>(statistics.bytes) /
                                       static_cast<double>(statistics.documents));
  reply.append("dataSize", scaled(static_cast<double>(statistics.bytes)));
  reply.append("storageSize", scaled(static_cast<double>(statistics.storage)));
  if (with_free) reply.append("freeStorageSize", 0.0);
  reply.append("indexes", statistics.indexes);
  reply.append("indexSize", scaled(static_cast<double>(statistics.index_storage)));
  if (with_free) reply.append("indexFreeStorageSize", 0.0);
  reply.append("totalSize",
               scaled(static_cast<double>(statistics.storage + statistics.index_storage)));
  if (with_free) reply.append("totalFreeStorageSize", 0.0);
  reply.append("scaleFactor", scale);
  const std::filesystem::path& directory = operation.engine().options().directory;
  if (directory.empty()) return;
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(directory, error);
  if (error) return;
  reply.append("fsUsedSize", scaled(static_cast<double>(space.capacity - space.free)));
  reply.append("fsTotalSize", scaled(static_cast<double>(space.capacity)));
}

}  // namespace quern::engine
