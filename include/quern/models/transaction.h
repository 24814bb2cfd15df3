// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A transaction: a ModelSession whose reads and writes are one unit. Usually made by
// db.transaction(body), which also retries; by hand it is
//
//   quern::Transaction tx{db};
//   tx.save(patient);
//   tx.commit();  // the destructor rolls back what wasn't committed
//
// It is bound to one database: the one with the given alias, or the first one that it uses. Reads
// go where writes go. Using another database inside it throws Error(IllegalOperation): the two
// could not be committed together. Not thread-safe.
//
// An error ends it, as it does in the database: what is asked of it after one, commit() included,
// throws Error(NoSuchTransaction) with the text of that error. To go on, start another transaction.
#ifndef QUERN_MODELS_TRANSACTION_H_
#define QUERN_MODELS_TRANSACTION_H_

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "quern/base/export.h"
#include "quern/base/uuid.h"
#include "quern/models/model_session.h"

namespace quern {

class QUERN_EXPORT Transaction : public ModelSession {
 public:
  explicit Transaction(ModelSession& session, std::string database = {});
  ~Transaction() override;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // Makes all writes permanent, then calls the on_commit actions. Throws what the database reports;
  // Error(TransactionCommitted) when it has ended already.
  void commit();
  bool committed() const { return state_ == State::kCommitted; }
  // Undoes all writes. Does nothing when the transaction has ended already.
  void rollback() noexcept;

  const ModelRef& registered(const ModelInfo& model) override;
  std::string choose_database(const ModelRef& model, Access access, const Hints& hints) override;
  Target target(std::string_view alias) override;
  std::string explain_route(const ModelRef& model, std::string_view alias) override;
  Reply run(const Target& target, bson::View command) override;
  void on_commit(std::function<void()> action) override;
  Transaction* current_transaction() override { return this; }

 private:
  enum class State { kUnused, kOpen, kCommitted, kRolledBack };
  void throw_earlier_error() const;
  void end_session() noexcept;
  bson::Document run_end(const char* command);

  ModelSession& session_;
  std::string database_;  // alias; empty until bound
  std::optional<Target> target_;
  Uuid session_id_;
  State state_ = State::kUnused;
  std::exception_ptr error_;  // that ended it; transient ones are left to the next command to find
  std::vector<std::function<void()>> actions_;
};

}  // namespace quern

#endif  // QUERN_MODELS_TRANSACTION_H_
