// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What a Project holds. The commands of the manage binary work on it.
#ifndef QUERN_PROJECT_PROJECT_CORE_H_
#define QUERN_PROJECT_PROJECT_CORE_H_

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "migrations/graph.h"
#include "models/session.h"
#include "project/connection.h"
#include "project/router_chain.h"
#include "quern/project/project.h"

namespace quern::internal {

class ProjectCore : public SessionCore {
 public:
  explicit ProjectCore(Settings settings);

  const Settings& settings() const { return settings_; }
  const RouterChain& routers() const { return routers_; }

  // Throws ImproperlyConfigured, also when a database has been opened for encryption: what is
  // encrypted there was decided by the models known then.
  void add_model(std::string_view app, const ModelInfo& info);
  const std::deque<ModelRef>& models() const { return models_; }
  const ModelRef* find_model(const ModelInfo& info) const;
  std::vector<std::string> apps() const;  // in order of registration
  // Throws UsageError that says which apps there are.
  void check_app(std::string_view label) const;

  std::map<std::pair<std::string, std::string>, MigrationFunction, std::less<>> functions;
  std::vector<Command> commands;
  // Which program runs the commands, for hints.
  std::string program = "manage";

  // Throws ImproperlyConfigured for an unknown alias.
  Connection& connection(std::string_view alias);
  RunnerPool& runner_pool() { return pool_; }
  // What to do about a data key that is missing: because its collection was not made here, or,
  // where the collection is there, because it was lost.
  std::string advice_on_missing_key(Connection& connection, std::string_view collection) const;
  // Models that the routers let into a database.
  std::vector<const ModelRef*> models_in(std::string_view alias) const;

  // <base_directory>/<app>/migrations
  std::filesystem::path migrations_folder(std::string_view app) const;
  // All apps' migrations. Throws for files that cannot be read, circles, missing dependencies.
  migrations::Graph load_migrations() const;

  const ModelRef& registered(const ModelInfo& model) override;
  std::string choose_database(const ModelRef& model, DatabaseUse use, const Hints& hints) override;
  // Reading makes no database, and what is to be encrypted there needs the keys that migrate makes.
  void check_exists(const ModelRef& model, std::string_view alias, DatabaseUse use) override;
  Target target(std::string_view alias) override;
  std::string explain_route(const ModelRef& model, std::string_view alias) override;
  void check_model(const ModelRef& model, const Target& target) override;
  // A missing data key is told with what to do about it.
  Reply do_execute(const Target& target, bson::View command) override;
  // Members that the model has in the clear although the collection there encrypts them, one
  // sentence each.
  std::vector<std::string> plain_member_faults(const ModelRef& model, Connection& connection);

  // Throws ImproperlyConfigured for models that could not be saved as they are routed: with
  // encrypted members but into a database without encryption. Runs once.
  void check_routes_once();

 private:
  client::EncryptingOptions encrypting_options(const std::string& alias);

  const Settings settings_;
  const RouterChain routers_;
  std::deque<ModelRef> models_;
  std::unordered_map<const ModelInfo*, const ModelRef*> by_info_;
  RunnerPool pool_;
  std::map<std::string, Connection, std::less<>> connections_;
  std::once_flag routes_checked_;
  std::shared_mutex checked_mutex_;
  // Models that check_model() has looked at, with the runner of the database.
  std::set<std::pair<const ModelInfo*, const CommandRunner*>> checked_models_;
  std::atomic<bool> models_are_final_ = false;
};

inline ProjectCore& core_of(const Project& project) {
  return static_cast<ProjectCore&>(core_of(static_cast<const ModelSession&>(project)));
}

}  // namespace quern::internal

#endif  // QUERN_PROJECT_PROJECT_CORE_H_
