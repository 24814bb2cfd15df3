// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// create, drop, dropDatabase, renameCollection, collMod, listCollections, listDatabases.
#include <optional>
#include <string>

#include "engine/catalog/collection_options.h"
#include "engine/catalog/index_spec.h"
#include "engine/commands/commands.h"
#include "engine/read/batch.h"
#include "engine/rules/command_reader.h"
#include "engine/rules/ddl.h"
#include "engine/session/engine.h"
#include "quern/base/error.h"
#include "quern/base/uuid.h"
#include "query/match/match.h"
#include "storage/table_range.h"

namespace quern::engine {
namespace {

BatchRequest cursor_request(const CommandReader& arguments) {
  BatchRequest request;
  const bson::View cursor = arguments.document("cursor");
  request.size = CommandReader(cursor, "cursor.cursor", {"batchSize"}).at_least("batchSize", 0);
  return request;
}

}  // namespace

void CreateCommand::run(Operation& operation, bson::Builder&) const {
  const bson::View command = operation.command();
  const bson::Element first = command.front();
  if (!first.is_string()) {
    throw DatabaseError(ErrorCode::kInvalidNamespace, "the collection's name must be a string");
  }
  const Namespace ns = operation.ns(first.as_string());
  Namespace::check_collection(ns.collection);
  const bson::Document options = collection_options(ns.collection, command);
  if (operation.in_session_transaction() && operation.latest_collection(ns) != nullptr) {
    throw DatabaseError(ErrorCode::kNamespaceExists,
                        "Collection " + ns.to_string() + " already exists");
  }
  operation.engine().catalog().create(ns, options);
}

void DropCommand::run(Operation& operation, bson::Builder& reply) const {
  const CommandReader arguments(operation.command(), name(), {"collectionUUID"});
  const Namespace ns = operation.ns(arguments.collection());
  std::optional<Uuid> uuid;
  if (const bson::Element element = arguments["collectionUUID"]) uuid = element.as_uuid();
  Catalog& catalog = operation.engine().catalog();
  const auto dropped = catalog.drop(ns, &operation, uuid);
  // What an unfinished compaction left is of no use without them.
  const auto* fields = dropped ? dropped->encrypted_fields() : nullptr;
  if (const auto left = qe::compaction_leftover(ns.collection, fields)) {
    catalog.drop(operation.ns(*left), &operation);
  }
  if (!dropped) return;
  reply.append("nIndexesWas", static_cast<std::int32_t>(dropped->indexes().size() + 1));
  reply.append("ns", ns.to_string());
}

void DropDatabaseCommand::run(Operation& operation, bson::Builder&) const {
  const CommandReader only_generic_members(operation.command(), name(), {});
  if (operation.database() == "admin") {
    throw DatabaseError(ErrorCode::kIllegalOperation,
                        "Dropping the 'admin' database is prohibited");
  }
  operation.engine().catalog().drop_database(operation.database(), &operation);
}

void RenameCollectionCommand::run(Operation& operation, bson::Builder&) const {
  const CommandReader arguments(operation.command(), name(), {"to", "dropTarget"});
  const bson::Element first = operation.command().front();
  if (!first.is_string()) {
    throw DatabaseError(ErrorCode::kInvalidNamespace, "the source must be a namespace");
  }
  const Namespace from = Namespace::parse(first.as_string());
  const Namespace to = Namespace::parse(arguments.required_text("to"));
  if (from.database != to.database) {
    throw NotSupported("a collection can be renamed only within its database");
  }
  if (from == to) {
    throw DatabaseError(ErrorCode::kIllegalOperation, "Can't rename a collection to itself");
  }
  operation.engine().catalog().rename(from, to, arguments.boolean("dropTarget", false), &operation);
}

namespace {

// The index that collMod.index means.
const Index& index_to_modify(const Collection& collection, const CommandReader& index) {
  const auto name = index.text("name");
  for (const auto& each : collection.indexes()) {
    if (name ? each->name() == *name : each->key() == index.document("keyPattern")) return *each;
  }
  throw DatabaseError(ErrorCode::kIndexNotFound,
                      "cannot find the index to modify in " + collection.ns().to_string());
}

bson::Document with_hidden(bson::View spec, bool hidden) {
  bson::Builder b;
  for (const bson::Element& member : spec) {
    if (member.key() != "hidden") b.append(member);
  }
  if (hidden) b.append("hidden", true);
  return b.finish();
}

}  // namespace

void CollModCommand::run(Operation& operation, bson::Builder& reply) const {
  const CommandReader arguments(operation.command(), name(),
                                {"validator", "validationLevel", "validationAction", "index"});
  const auto decide = [&](const Collection& collection) {
    if (collection.encrypted_fields() != nullptr) qe::check_coll_mod(operation.command());
    Catalog::Modification result;
    result.options = modified_options(collection.options(), operation.command());
    if (operation.command().contains("index")) {
      const CommandReader index(arguments.required_document("index"), "collMod.index",
                                {"name", "keyPattern", "hidden"});
      const bool hidden = index.required("hidden").truthy();
      const Index& found = index_to_modify(collection, index);
      result.index_specs.push_back(with_hidden(found.spec(), hidden));
      reply.append("hidden_old", !found.plannable()).append("hidden_new", hidden);
    }
    return result;
  };
  operation.engine().catalog().modify(operation.ns(arguments.collection()), decide, &operation);
}

void ListCollectionsCommand::run(Operation& operation, bson::Builder& reply) const {
  const CommandReader arguments(operation.command(), name(),
                                {"filter", "nameOnly", "authorizedCollections", "cursor"});
  const query::Matcher filter = query::Matcher::parse(arguments.document("filter"));
  const bool name_only = arguments.boolean("nameOnly", false);
  std::vector<bson::Document> documents;
  const auto snapshot = operation.engine().catalog().snapshot();
  for (const Collection* collection : snapshot->collections(operation.database())) {
    bson::Builder b;
    b.append("name", collection->ns().collection).append("type", "collection");
    b.append("options", collection->options());
    b.open_document("info").append("readOnly", false).append("uuid", collection->uuid()).close();
    if (!collection->is_clustered()) b.append("idIndex", id_index_spec());
    bson::Document document = b.finish();
    if (!filter.matches(document)) continue;
    if (name_only) {
      document = bson::doc("name", collection->ns().collection, "type", "collection");
    }
    documents.push_back(std::move(document));
  }
  write_first_batch(operation, reply, operation.database() + ".$cmd.listCollections", nullptr,
                    query::stream_of(std::move(documents)), cursor_request(arguments));
}

void ListDatabasesCommand::run(Operation& operation, bson::Builder& reply) const {
  const CommandReader arguments(operation.command(), name(),
                                {"filter", "nameOnly", "authorizedDatabases"});
  const query::Matcher filter = query::Matcher::parse(arguments.document("filter"));
  const bool name_only = arguments.boolean("nameOnly", false);
  const auto snapshot = operation.engine().catalog().snapshot();
  std::int64_t total = 0;
  reply.open_array("databases");
  for (const std::string& database : snapshot->databases()) {
    std::int64_t size = 0;
    if (!name_only) {
      for (const Collection* collection : snapshot->collections(database)) {
        storage::Store& store = operation.engine().store();
        for (const std::uint32_t table : collection->tables()) {
          size += static_cast<std::int64_t>(store.approximate_size(storage::TableRange(table)));
        }
      }
    }
    const bson::Document document =
        name_only ? bson::doc("name", database)
                  : bson::doc("name", database, "sizeOnDisk", size, "empty", false);
    if (!filter.matches(document)) continue;
    total += size;
    reply.push(document);
  }
  reply.close();
  if (!name_only) reply.append("totalSize", total).append("totalSizeMb", total / (1024 * 1024));
}

}  // namespace quern::engine
