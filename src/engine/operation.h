// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// One running command: what it reads through, what it writes through, and when it must stop.
//
// Reading. reader() is one snapshot of the store for the whole operation, or the session's
// transaction when the command belongs to one. catalog() is the catalog as of that snapshot.
//
// Writing. Writes happen inside a write body only (engine/retry.h: write_transaction), which gives
// the operation a storage transaction, commits it at the end and runs the body again after a write
// conflict. Inside it transaction() is that transaction and reader() the same object, so reads see
// the body's own writes. In a multi-document transaction the body joins the session's transaction,
// runs once, and a conflict goes to the caller with the label TransientTransactionError.
#ifndef QUERN_ENGINE_OPERATION_H_
#define QUERN_ENGINE_OPERATION_H_

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/catalog.h"
#include "quern/bson/document.h"
#include "quern/command/namespace.h"
#include "storage/store.h"

namespace quern::engine {

class Engine;
class Session;
class WriteGate;

// Not thread-safe: one thread runs an operation.
class Operation {
 public:
  // command must outlive the operation.
  Operation(Engine& engine, std::string_view database, bson::View command);
  ~Operation();
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  Engine& engine() const { return engine_; }
  const std::string& database() const { return database_; }
  bson::View command() const { return command_; }
  Namespace ns(std::string_view collection) const { return {database_, std::string(collection)}; }

  // The collection, or null. The pointer lives as long as the operation.
  const Collection* collection(const Namespace& ns);
  // The collection, created with these options when it is missing.
  const Collection& collection_or_create(const Namespace& ns, bson::View options = {});
  const CatalogSnapshot& catalog();

  storage::Reader& reader();
  // Only inside a write body.
  storage::Transaction& transaction();
  bool writing() const { return transaction_ != nullptr; }
  bool in_session_transaction() const { return session_ != nullptr; }

  // Throws MaxTimeMSExpired or Interrupted. Cheap; call it once a document in loops.
  void check_interrupt();
  void set_time_limit(std::chrono::milliseconds limit);
  std::optional<std::chrono::steady_clock::time_point> deadline() const { return deadline_; }

  // The wall clock when the operation began: $$NOW.
  bson::Date now() const { return now_; }

  // --- for engine/retry.h, sessions and cursors
  // Starts or joins a transaction; end_write commits it unless it belongs to the session.
  void begin_write(const storage::TransactionOptions& options);
  void end_write();
  void abandon_write();
  // Waits until no schema change runs on the collection and keeps them out until the write ends.
  // Throws WriteConflict when the collection object is outdated.
  void enter(const Collection& collection);
  void join(Session& session);
  Session* session() const { return session_; }
  // Hands the snapshot and the catalog over to a cursor that outlives the operation.
  struct Pinned {
    std::shared_ptr<const CatalogSnapshot> catalog;
    std::unique_ptr<storage::Reader> reader;
  };
  Pinned release_reader();

 private:
  void pin();

  Engine& engine_;
  std::string database_;
  bson::View command_;
  bson::Date now_;
  std::optional<std::chrono::steady_clock::time_point> deadline_;
  unsigned interrupt_countdown_ = 0;
  Session* session_ = nullptr;
  std::shared_ptr<const CatalogSnapshot> catalog_;
  std::vector<std::shared_ptr<const CatalogSnapshot>> older_catalogs_;  // keep pointers alive
  std::unique_ptr<storage::Reader> reader_;
  std::unique_ptr<storage::Transaction> own_transaction_;
  storage::Transaction* transaction_ = nullptr;
  std::vector<std::shared_ptr<WriteGate>> gates_;
};

}  // namespace quern::engine

#endif  // QUERN_ENGINE_OPERATION_H_
