// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// One running command: what it reads through, what it writes through, and when it must stop.
//
// Reading. reader() is one snapshot of the store for the whole operation, or the session's
// transaction when the command belongs to one. collection() looks into the catalog as of that
// snapshot.
//
// A write body ends that view: streams and cursors must be closed before, and what is read after it
// is read from a new snapshot.
//
// Writing. Writes happen inside a write body only (engine/session/retry.h: write_transaction),
// which gives the operation a storage transaction, commits it at the end and runs the body again
// after a write conflict. Inside it transaction() is that transaction and reader() the same object,
// so reads see the body's own writes. In a multi-document transaction the body joins the session's
// transaction, runs once, and a conflict goes to the caller with the label
// TransientTransactionError.
#ifndef QUERN_ENGINE_SESSION_OPERATION_H_
#define QUERN_ENGINE_SESSION_OPERATION_H_

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "engine/catalog/access.h"
#include "engine/catalog/catalog.h"
#include "engine/catalog/write_gate.h"
#include "engine/session/expected_schemas.h"
#include "quern/bson/document.h"
#include "quern/command/namespace.h"
#include "query/value/interrupt.h"
#include "storage/store.h"

namespace quern::engine {

class Engine;
class QueryContext;
class RetryableWrite;
class Session;

// Not thread-safe: one thread runs an operation.
class Operation final : public Access, public query::Interruptible {
 public:
  // command must outlive the operation. session: the one whose open transaction the command is
  // part of, or null.
  Operation(Engine& engine, std::string_view database, bson::View command,
            Session* session = nullptr);
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  Engine& engine() const { return engine_; }
  const std::string& database() const { return database_; }
  bson::View command() const { return command_; }
  Namespace ns(std::string_view collection) const { return {database_, std::string(collection)}; }

  // The collection, or null. The pointer lives as long as the operation; the object may be out of
  // date by then, which only writers have to care about, and Collection does so for them. Throws
  // WriteConflict when the name is, by now, that of a collection that the snapshot has under
  // another, and, as all three, CollectionUUIDMismatch when the collection is not as expected
  // (expect()).
  const Collection* collection(const Namespace& ns);
  // The collection, created with these options (as Catalog::create) when it is missing. Creating is
  // not part of the transaction: it stays when the transaction is rolled back. Throws
  // NamespaceNotFound when it is missing and expected with encrypted fields.
  const Collection& collection_or_create(const Namespace& ns, bson::View options = {});
  // The collection as of now, without a snapshot of the store: for a single read of the latest
  // state and for write bodies.
  const Collection* latest_collection(const Namespace& ns);

  storage::Store& store() const override;
  storage::Reader& reader() override;
  storage::WriteTransaction& transaction() override;
  bool writing() const { return transaction_ != nullptr; }
  bool in_session_transaction() const { return session_ != nullptr; }
  Session* session() const { return session_; }
  // One read of the latest state, or through the transaction if there is one.
  bool get_latest(BytesView key, storage::PinnedValue& value);

  // What streams of documents read through; outlives the operation when a client cursor keeps it.
  std::shared_ptr<QueryContext> query_context();

  void check_interrupt() override;
  // The same, for those who waited: looks at the clock every time.
  void check_interrupt_now() const;
  void set_time_limit(std::chrono::milliseconds limit);
  void set_cancellation(std::stop_token cancellation) { cancellation_ = std::move(cancellation); }
  // Which schemas the collections must have, whenever they are looked up.
  void expect(ExpectedSchemas schemas) { expected_ = schemas; }
  // Set when the command has a txnNumber but no transaction: what its statements do is to be
  // remembered with it.
  void set_retryable(RetryableWrite& write) { retryable_ = &write; }
  RetryableWrite* retryable() const { return retryable_; }
  // Of the time limits that there are the earliest counts.
  void set_deadline(std::chrono::steady_clock::time_point deadline);
  // A point of the engine's clock.
  std::optional<std::chrono::steady_clock::time_point> deadline() const { return deadline_; }
  std::optional<std::chrono::steady_clock::time_point> system_deadline() const override;

  // The wall clock when the operation began: $$NOW.
  bson::Date now() const { return now_; }

  // --- for engine/session/retry.h
  // Starts or joins a transaction; end_write commits it unless it belongs to the session.
  void begin_write(const storage::TransactionOptions& options);
  void end_write();
  void abandon_write() noexcept;

  // --- for Collection
  void enter(const Collection& collection) override;
  void set_multikey(const Collection& collection, const Index& index) override;

 private:
  friend class QueryContext;
  void pin();
  const Collection* find(const Namespace& ns);
  const Collection* find_latest(const Namespace& ns);
  void use(std::shared_ptr<const CatalogSnapshot> catalog);
  [[noreturn]] void throw_expired() const;

  Engine& engine_;
  std::string database_;
  bson::View command_;
  bson::Date now_;
  std::optional<std::chrono::steady_clock::time_point> deadline_;
  std::stop_token cancellation_;
  ExpectedSchemas expected_;
  RetryableWrite* retryable_ = nullptr;
  unsigned interrupt_countdown_ = 0;
  Session* session_;
  std::shared_ptr<const CatalogSnapshot> catalog_;
  std::vector<std::shared_ptr<const CatalogSnapshot>> older_catalogs_;  // keep collections alive
  std::unique_ptr<storage::Reader> reader_;
  std::vector<GatePass> entered_;  // left after own_transaction_ has ended
  std::unique_ptr<storage::WriteTransaction> own_transaction_;
  storage::WriteTransaction* transaction_ = nullptr;
};

}  // namespace quern::engine

#endif  // QUERN_ENGINE_SESSION_OPERATION_H_
