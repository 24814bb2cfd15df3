// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// ModelSession: where models meet databases. A project is one (it knows settings and routers), a
// Transaction is one too (it passes everything on, inside its transaction), so functions that take
// a ModelSession& work with either:
//
//   db.save(patient);
//   db.objects<Patient>().get(ssn == "123-45-6789");
//   db.transaction([&](quern::Transaction& tx) { tx.save(a); tx.save(b); });
//   db.run("default", quern::bson::doc("ping", 1));
//
// A project is thread-safe, a Transaction belongs to one thread. Must outlive the query sets and
// cursors that it hands out.
#ifndef QUERN_MODELS_MODEL_SESSION_H_
#define QUERN_MODELS_MODEL_SESSION_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "quern/base/callback.h"
#include "quern/base/export.h"
#include "quern/models/errors.h"
#include "quern/models/internal/codec.h"
#include "quern/models/path.h"

namespace quern {

class Reply;
template <class T>
class QuerySet;
class Transaction;

template <class T>
struct SaveOptions {
  std::string database{};     // alias; empty: the routers decide
  bool force_insert = false;  // never update
  bool force_update = false;  // never insert: Error(OperationFailed) if nothing was there
  bool validate = true;
  std::vector<AnyPath<T>> only{};  // update these members only, changed or not
};

namespace internal {
class SessionCore;
struct SessionAccess;
}  // namespace internal

class QUERN_EXPORT ModelSession {
 public:
  // Validates the object and stores it: an insert if its Id is unset, otherwise an update of the
  // members that the model knows, and an insert if nothing was there. Sets the Id. Of the encrypted
  // members an update writes those that are not what the object, or what it is a copy of, last read
  // or saved; SaveOptions::only writes what it lists. Throws
  // ValidationError, IntegrityError for duplicates, ImproperlyConfigured if encrypted members would
  // go to a database without encryption.
  template <class T>
  void save(T& object, const SaveOptions<std::type_identity_t<T>>& options = {});
  // Reads the object again. Throws DoesNotExist<T> if it is gone.
  template <class T>
  void refresh(T& object);
  // Deletes the object and unsets its Id. False if it was gone already.
  template <class T>
  bool remove(T& object);
  // The three change the object, so these are refused with a sentence.
  template <class T>
  void save(const T&, const SaveOptions<std::type_identity_t<T>>& = {}) {
    static_assert(internal::refused<T>,
                  "save() sets the Id: the object cannot be const, nor a temporary");
  }
  template <class T>
  void refresh(const T&) {
    static_assert(internal::refused<T>,
                  "refresh() changes the object: it cannot be const, nor a temporary");
  }
  template <class T>
  bool remove(const T&) {
    static_assert(internal::refused<T>,
                  "remove() unsets the Id: the object cannot be const, nor a temporary");
    return false;
  }
  // All objects of the model; of the database with that alias, or where the routers say.
  template <class T>
  QuerySet<T> objects(std::string database = {});

  // Calls body with a Transaction and commits it; rolls back if body throws. Body runs again, from
  // the start, after a transient conflict. Within a transaction it joins that one. The transaction
  // is on one database: that with the alias, or the first one used. Returns a copy of what body
  // returns. While body runs, this thread uses that database through the Transaction only: the
  // session that it was started from, db.save() in place of tx.save(), throws
  // Error(IllegalOperation) there.
  template <class Body>
  auto transaction(Body&& body) {
    return transaction(std::string(), std::forward<Body>(body));
  }
  template <class Body>
  auto transaction(const std::string& database, Body&& body);
  // Calls action after the commit; at once when there is no transaction.
  void on_commit(Callback<> action);

  // Runs any command on the database with that alias: its values are encrypted, and those of the
  // reply decrypted, as the schema says (quern/command/reply.h). Throws what the reply reports,
  // ImproperlyConfigured for an unknown alias.
  Reply run(std::string_view database, bson::View command);

 protected:
  // Borrows the core.
  explicit ModelSession(internal::SessionCore& core) : core_(&core) {}
  ModelSession(const ModelSession&) = default;
  ModelSession& operator=(const ModelSession&) = default;
  ~ModelSession() = default;

 private:
  friend struct internal::SessionAccess;
  internal::SessionCore* core_;
};

namespace internal {

struct SessionAccess {
  static SessionCore& core(const ModelSession& session) { return *session.core_; }
};
inline SessionCore& core_of(const ModelSession& session) { return SessionAccess::core(session); }

struct SaveRequest {
  std::string_view database;
  bool force_insert;
  bool force_update;
  bool validate;
  std::span<const std::string_view> only;
};
QUERN_EXPORT void save_object(SessionCore& session, const ModelInfo& model, void* object,
                              const SaveRequest& request);
// Reads the object with the Id of `from` into a default-constructed one. False if there is none.
QUERN_EXPORT bool load_object(SessionCore& session, const ModelInfo& model, const void* from,
                              void* object);
QUERN_EXPORT bool remove_object(SessionCore& session, const ModelInfo& model, void* object);
QUERN_EXPORT void run_transaction(SessionCore& session, const std::string& database,
                                  const Callback<Transaction&>& body);
QUERN_EXPORT std::string does_not_exist_text(const ModelInfo& model);

template <class T>
const ModelInfo& collection_model() {
  if constexpr (is_plain_struct<T>()) {
    static_assert(count_ids(member_types<T>{}) > 0,
                  "this struct has no quern::Id member: it can only be embedded.");
  }
  return model_info<T>();
}

}  // namespace internal

template <class T>
void ModelSession::save(T& object, const SaveOptions<std::type_identity_t<T>>& options) {
  std::vector<std::string_view> only;
  for (const auto& path : options.only) only.push_back(path.text);
  internal::save_object(
      *core_, internal::collection_model<T>(), &object,
      {options.database, options.force_insert, options.force_update, options.validate, only});
}

template <class T>
void ModelSession::refresh(T& object) {
  const ModelInfo& model = internal::collection_model<T>();
  T fresh{};
  if (!internal::load_object(*core_, model, &object, &fresh)) {
    throw DoesNotExist<T>(internal::does_not_exist_text(model));
  }
  object = std::move(fresh);
}

template <class T>
bool ModelSession::remove(T& object) {
  return internal::remove_object(*core_, internal::collection_model<T>(), &object);
}

template <class Body>
auto ModelSession::transaction(const std::string& database, Body&& body) {
  using Result = std::decay_t<decltype(body(std::declval<Transaction&>()))>;
  if constexpr (std::is_void_v<Result>) {
    internal::run_transaction(*core_, database, [&](Transaction& tx) { body(tx); });
  } else {
    std::optional<Result> result;
    internal::run_transaction(*core_, database, [&](Transaction& tx) { result.emplace(body(tx)); });
    return std::move(*result);
  }
}

}  // namespace quern

#endif  // QUERN_MODELS_MODEL_SESSION_H_
