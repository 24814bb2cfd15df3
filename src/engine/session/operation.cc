// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/session/operation.h"

#include <algorithm>

#include "engine/catalog/table_state.h"
#include "engine/session/engine.h"
#include "engine/session/query_context.h"
#include "engine/session/retryable_write.h"
#include "engine/session/session.h"
#include "quern/base/error.h"

namespace quern::engine {
namespace {

constexpr unsigned kInterruptInterval = 64;

[[noreturn]] void throw_outdated(const Collection& collection) {
  DatabaseError error(
      ErrorCode::kWriteConflict,
      "Write conflict: the schema of " + collection.ns().to_string() +
          " has changed. Please retry your operation or multi-document transaction.");
  error.add_label("TransientTransactionError");
  throw error;
}

}  // namespace

Operation::Operation(Engine& engine, std::string_view database, bson::View command,
                     Session* session)
    : engine_(engine),
      database_(database),
      command_(command),
      now_{engine.clock().wall_now().time_since_epoch().count()},
      session_(session) {
  if (session_ != nullptr) deadline_ = session_->deadline();
}

void Operation::use(std::shared_ptr<const CatalogSnapshot> catalog) {
  if (catalog_ == catalog) return;
  if (catalog_) older_catalogs_.push_back(std::move(catalog_));
  catalog_ = std::move(catalog);
}

// A catalog and a snapshot that fit together: an index that the catalog knows is whole in the
// snapshot, since a dropped one is emptied only after a newer catalog was published.
void Operation::pin() {
  if (session_ != nullptr) {
    use(session_->catalog());
    return;
  }
  do {
    use(engine_.catalog().snapshot());
    reader_ = engine_.store().snapshot();
  } while (engine_.catalog().snapshot()->epoch() != catalog_->epoch());
}

const Collection* Operation::collection(const Namespace& ns) {
  const Collection* found = find(ns);
  if (found != nullptr) expected_.check(*found);
  return found;
}

const Collection* Operation::latest_collection(const Namespace& ns) {
  const Collection* found = find_latest(ns);
  if (found != nullptr) expected_.check(*found);
  return found;
}

const Collection* Operation::find(const Namespace& ns) {
  if (!writing() && (session_ != nullptr ? !catalog_ : !reader_)) pin();
  if (const Collection* found = catalog_->find(ns)) return found;
  if (!writing() && session_ == nullptr) return nullptr;
  auto latest = engine_.catalog().snapshot();
  const Collection* found = latest->find(ns);
  if (found == nullptr) return nullptr;
  // One that was renamed has records in the transaction's snapshot, but its indexes may not.
  if (found->table() < catalog_->next_table()) throw_outdated(*found);
  // One younger than the snapshot is empty there, and so are its indexes.
  older_catalogs_.push_back(std::move(latest));
  return found;
}

const Collection* Operation::find_latest(const Namespace& ns) {
  if (session_ != nullptr || writing()) return find(ns);
  auto latest = engine_.catalog().snapshot();
  const Collection* found = latest->find(ns);
  if (!catalog_) {
    catalog_ = std::move(latest);
  } else if (found != nullptr && latest != catalog_) {
    older_catalogs_.push_back(std::move(latest));
  }
  return found;
}

const Collection& Operation::collection_or_create(const Namespace& ns, bson::View options) {
  for (;;) {
    if (const Collection* found = writing() ? collection(ns) : latest_collection(ns)) {
      return *found;
    }
    expected_.check_may_be_made(ns);
    try {
      engine_.catalog().create(ns, options);
    } catch (const Error& error) {
      if (!error.is(ErrorCode::kNamespaceExists)) throw;  // somebody else was faster
    }
  }
}

storage::Store& Operation::store() const { return engine_.store(); }

storage::Reader& Operation::reader() {
  if (transaction_ != nullptr) return *transaction_;
  if (session_ != nullptr) return session_->transaction();
  if (!reader_) pin();
  return *reader_;
}

storage::WriteTransaction& Operation::transaction() {
  if (transaction_ == nullptr) {
    throw Error(ErrorCode::kInternalError, "a write outside of a write body");
  }
  return *transaction_;
}

bool Operation::get_latest(BytesView key, storage::PinnedValue& value) {
  if (transaction_ != nullptr) return transaction_->get(key, value);
  if (session_ != nullptr) return session_->transaction().get(key, value);
  return engine_.store().get(key, value);
}

std::shared_ptr<QueryContext> Operation::query_context() {
  return std::make_shared<QueryContext>(*this, reader());
}

void Operation::set_time_limit(std::chrono::milliseconds limit) {
  set_deadline(engine_.clock().now() + limit);
}

void Operation::set_deadline(std::chrono::steady_clock::time_point deadline) {
  if (!deadline_ || deadline < *deadline_) deadline_ = deadline;
}

std::optional<std::chrono::steady_clock::time_point> Operation::system_deadline() const {
  return engine_.system_time(deadline_);
}

void Operation::throw_expired() const {
  if (session_ != nullptr && deadline_ == session_->deadline()) session_->throw_expired();
  throw_max_time_expired();
}

void Operation::check_interrupt() {
  if (interrupt_countdown_-- != 0) return;
  interrupt_countdown_ = kInterruptInterval;
  check_interrupt_now();
}

void Operation::check_interrupt_now() const {
  if (cancellation_.stop_requested()) {
    throw DatabaseError(ErrorCode::kInterrupted, "operation was interrupted");
  }
  if (deadline_ && engine_.clock().now() >= *deadline_) throw_expired();
}

void Operation::begin_write(const storage::TransactionOptions& options) {
  if (session_ != nullptr) {
    if (!catalog_) pin();
    transaction_ = &session_->transaction();
    return;
  }
  reader_.reset();
  do {
    use(engine_.catalog().snapshot());
    own_transaction_ = engine_.store().begin(options);
  } while (options.snapshot && engine_.catalog().snapshot()->epoch() != catalog_->epoch());
  transaction_ = own_transaction_.get();
}

void Operation::end_write() {
  transaction_ = nullptr;
  if (session_ != nullptr) return;
  own_transaction_->commit();
  if (retryable_ != nullptr) retryable_->committed();
  own_transaction_.reset();
  entered_.clear();
}

void Operation::abandon_write() noexcept {
  transaction_ = nullptr;
  if (retryable_ != nullptr) retryable_->abandoned();
  own_transaction_.reset();
  entered_.clear();
}

void Operation::enter(const Collection& collection) {
  auto& entered = session_ != nullptr ? session_->entered() : entered_;
  WriteGate& gate = collection.state()->gate;
  if (std::none_of(entered.begin(), entered.end(),
                   [&](const GatePass& pass) { return pass.is_for(gate); })) {
    auto pass = GatePass::enter({collection.state(), &gate}, system_deadline());
    if (!pass) throw_expired();
    entered.push_back(std::move(*pass));
  }
  if (!collection.current()) throw_outdated(collection);
}

void Operation::set_multikey(const Collection& collection, const Index& index) {
  engine_.catalog().set_multikey(collection, index);
}

void QueryContext::keep() {
  catalogs_ = operation_->older_catalogs_;
  catalogs_.push_back(operation_->catalog_);
  if (operation_->session_ == nullptr) owned_ = std::move(operation_->reader_);
}

}  // namespace quern::engine
