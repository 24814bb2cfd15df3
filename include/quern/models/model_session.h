// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// ModelSession: where models meet databases. A project derives from it (it knows settings and
// routers), a Transaction does too (it passes everything on, inside its transaction), so functions
// that take a ModelSession& work with either:
//
//   db.save(patient);
//   db.objects<Patient>().get(ssn == "123-45-6789");
//   db.transaction([&](quern::Transaction& tx) { tx.save(a); tx.save(b); });
//
// Thread-safe if the implementation is (a project is, a Transaction belongs to one thread). Must
// outlive the query sets and cursors that it hands out.
#ifndef QUERN_MODELS_MODEL_SESSION_H_
#define QUERN_MODELS_MODEL_SESSION_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "quern/base/export.h"
#include "quern/command/reply.h"
#include "quern/models/errors.h"
#include "quern/models/internal/codec.h"
#include "quern/models/path.h"

namespace quern {

class CommandRunner;
template <class T>
class QuerySet;
class Transaction;

enum class Access { kRead, kWrite };

// What a router may go by besides the model.
struct Hints {
  std::string_view instance_database;  // alias that the object at hand was loaded from, or empty
};

// One database of the settings, ready to run commands.
struct Target {
  std::string alias;
  std::string database;
  CommandRunner* runner = nullptr;
  bool encrypting = false;  // its commands go through automatic encryption
};

template <class T>
struct SaveOptions {
  std::string database{};     // alias; empty: the routers decide
  bool force_insert = false;  // never update
  bool force_update = false;  // never insert: Error(OperationFailed) if nothing was there
  bool validate = true;
  std::vector<AnyPath<T>> only{};  // update these members only
};

class QUERN_EXPORT ModelSession {
 public:
  virtual ~ModelSession() = default;

  // The model under the label of its app. Throws ImproperlyConfigured when no app registered it.
  virtual const ModelRef& registered(const ModelInfo& model) = 0;
  // The alias to use, as the routers decide.
  virtual std::string choose_database(const ModelRef& model, Access access, const Hints& hints) = 0;
  // Throws ImproperlyConfigured for an unknown alias.
  virtual Target target(std::string_view alias) = 0;
  // How routing came to its answer: a sentence for error messages.
  virtual std::string explain_route(const ModelRef& model, std::string_view alias);
  // Runs a command and throws what its reply reports.
  virtual Reply run(const Target& target, bson::View command);

  // Validates the object and stores it: an insert if its Id is unset, otherwise an update of the
  // members that the model knows, and an insert if nothing was there. Sets the Id. Throws
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
  // returns.
  template <class Body>
  auto transaction(Body&& body) {
    return transaction(std::string(), std::forward<Body>(body));
  }
  template <class Body>
  auto transaction(const std::string& database, Body&& body);
  // Calls action after the commit; at once when there is no transaction.
  virtual void on_commit(std::function<void()> action);
  // The Transaction that this is; null otherwise.
  virtual Transaction* current_transaction() { return nullptr; }
};

namespace internal {

struct SaveRequest {
  std::string_view database;
  bool force_insert;
  bool force_update;
  bool validate;
  std::vector<std::string> only;
};
QUERN_EXPORT void save_object(ModelSession& session, const ModelInfo& model, void* object,
                              const SaveRequest& request);
// Reads the object with that Id into a default-constructed one. False if there is none.
QUERN_EXPORT bool load_object(ModelSession& session, const ModelInfo& model, const Id& id,
                              void* object);
QUERN_EXPORT bool remove_object(ModelSession& session, const ModelInfo& model, void* object);
QUERN_EXPORT void run_transaction(ModelSession& session, const std::string& database,
                                  const std::function<void(Transaction&)>& body);
QUERN_EXPORT std::string does_not_exist_text(const ModelInfo& model);
QUERN_EXPORT Id& id_of(const ModelInfo& model, void* object);

// The database to use for a model, after the checks that keep plaintext from leaving.
QUERN_EXPORT Target checked_target(ModelSession& session, const ModelRef& model, Access access,
                                   std::string_view database, const Hints& hints);

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
  internal::SaveRequest request{
      options.database, options.force_insert, options.force_update, options.validate, {}};
  for (const auto& path : options.only) request.only.push_back(path.text);
  internal::save_object(*this, internal::collection_model<T>(), &object, request);
}

template <class T>
void ModelSession::refresh(T& object) {
  const ModelInfo& model = internal::collection_model<T>();
  T fresh{};
  if (!internal::load_object(*this, model, internal::id_of(model, &object), &fresh)) {
    throw DoesNotExist<T>(internal::does_not_exist_text(model));
  }
  object = std::move(fresh);
}

template <class T>
bool ModelSession::remove(T& object) {
  return internal::remove_object(*this, internal::collection_model<T>(), &object);
}

template <class Body>
auto ModelSession::transaction(const std::string& database, Body&& body) {
  using Result = std::decay_t<std::invoke_result_t<Body&, Transaction&>>;
  if constexpr (std::is_void_v<Result>) {
    internal::run_transaction(*this, database, std::ref(body));
  } else {
    std::optional<Result> result;
    internal::run_transaction(*this, database, [&](Transaction& tx) { result.emplace(body(tx)); });
    return std::move(*result);
  }
}

}  // namespace quern

#endif  // QUERN_MODELS_MODEL_SESSION_H_
