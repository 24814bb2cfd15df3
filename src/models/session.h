// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What a ModelSession stands on, whatever it is: the databases of a project, or one transaction.
// Applications see the verbs of ModelSession only.
#ifndef QUERN_MODELS_SESSION_H_
#define QUERN_MODELS_SESSION_H_

#include <memory>
#include <string>
#include <string_view>

#include "models/stored_values.h"
#include "quern/base/callback.h"
#include "quern/command/reply.h"
#include "quern/models/model_info.h"
#include "quern/models/model_session.h"

namespace quern {

class CommandRunner;

namespace internal {

enum class DatabaseUse { kRead, kWrite };

// One database of the settings, ready to run commands.
struct Target {
  std::string alias;
  std::string database;
  CommandRunner* runner = nullptr;
  bool encrypting = false;  // its commands go through automatic encryption
};

class SessionCore {
 public:
  virtual ~SessionCore() = default;

  // The model under the label of its app. Throws ImproperlyConfigured when no app registered it.
  virtual const ModelRef& registered(const ModelInfo& model) = 0;
  // The alias to use, as the routers decide.
  virtual std::string choose_database(const ModelRef& model, DatabaseUse use,
                                      const Hints& hints) = 0;
  // Throws ImproperlyConfigured for a database that must be made before that use of it.
  virtual void check_exists(const ModelRef& /*model*/, std::string_view /*alias*/,
                            DatabaseUse /*use*/) {}
  // Opens it. Throws ImproperlyConfigured for an unknown alias.
  virtual Target target(std::string_view alias) = 0;
  // How routing came to its answer: a sentence for error messages.
  virtual std::string explain_route(const ModelRef& model, std::string_view alias);
  // Throws ImproperlyConfigured for a model that could not read what it saves there.
  virtual void check_model(const ModelRef& /*model*/, const Target& /*target*/) {}
  // Runs a command and throws what its reply reports. Throws Error(IllegalOperation) for one that
  // goes past the transaction whose body this thread is in.
  Reply execute(const Target& target, bson::View command);
  // The same without looking for a transaction.
  virtual Reply do_execute(const Target& target, bson::View command);
  virtual void after_commit(Callback<> action) { action(); }
  // The Transaction that this is; null otherwise.
  virtual Transaction* current_transaction() { return nullptr; }
  // What objects that are read or saved through this one remember it by.
  const std::shared_ptr<Origin>& origin() const { return origin_; }

 private:
  const std::shared_ptr<Origin> origin_ = std::make_shared<Origin>();
};

// What an object of the model in the database knows of its stored document, as far as it is true for
// this session; null: nothing.
const StoredValues* known_values(const SessionCore& session, const ModelInfo& model, const Id& id,
                                 std::string_view alias);
// Makes an Id remember where its object is stored, and what of it.
void remember(const SessionCore& session, const ModelInfo& model, Id& id, std::string_view alias,
              StoredValues values);

// The database to use for a model, after the checks that keep plaintext from leaving. database: an
// alias; empty: the routers decide.
Target checked_target(SessionCore& session, const ModelRef& model, DatabaseUse use,
                      std::string_view database, const Hints& hints);

}  // namespace internal
}  // namespace quern

#endif  // QUERN_MODELS_SESSION_H_
