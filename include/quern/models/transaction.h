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
// While the body of db.transaction(body) runs, using its database through db from the same thread
// throws Error(IllegalOperation): it would not be part of the transaction, and a write of what that
// has written would wait for itself. Other databases, other projects and other threads may be used.
// Beside a Transaction made by hand nothing is refused, and such a write waits until the database
// ends the transaction.
//
// An error ends it, as it does in the database: what is asked of it after one, commit() included,
// throws Error(NoSuchTransaction) with the text of that error. To go on, start another transaction.
#ifndef QUERN_MODELS_TRANSACTION_H_
#define QUERN_MODELS_TRANSACTION_H_

#include <string>

#include "quern/base/export.h"
#include "quern/models/model_session.h"

namespace quern {

namespace internal {
class TransactionCore;
}

class QUERN_EXPORT Transaction : public ModelSession {
 public:
  explicit Transaction(ModelSession& session, std::string database = {});
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // Makes all writes permanent, then calls the on_commit actions. Throws what the database reports;
  // Error(TransactionCommitted) when it has ended already.
  void commit();
  bool committed() const;
  // Undoes all writes. Does nothing when the transaction has ended already.
  void rollback() noexcept;

 private:
  friend void internal::run_transaction(internal::SessionCore&, const std::string&,
                                        const Callback<Transaction&>&);
  explicit Transaction(internal::TransactionCore* core);
  internal::TransactionCore* core_;
};

}  // namespace quern

#endif  // QUERN_MODELS_TRANSACTION_H_
