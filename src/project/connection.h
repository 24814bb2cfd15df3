// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What an alias of the settings is connected to: a runner, and around it the automatic encryption.
// Both are opened when first asked for, so that nothing needs a key which does not encrypt.
#ifndef QUERN_PROJECT_CONNECTION_H_
#define QUERN_PROJECT_CONNECTION_H_

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "client/encrypted_collection.h"
#include "client/encrypting_runner.h"
#include "keyvault/key_cache.h"
#include "keyvault/key_vault.h"
#include "project/command_log.h"
#include "project/host.h"
#include "quern/command/command_runner.h"
#include "quern/project/settings.h"
#include "schema/encrypted_fields.h"
#include "storage/rocks_store.h"

namespace quern::engine {
class EngineRunner;
}

namespace quern::internal {

// Runners by host. Aliases on the same embedded or memory host share one, because a folder can be
// opened only once. Thread-safe.
class RunnerPool {
 public:
  explicit RunnerPool(const std::filesystem::path& base_directory)
      : base_directory_(base_directory) {}

  std::shared_ptr<CommandRunner> open(const DatabaseSettings& settings);
  // The engine of an embedded host itself.
  std::shared_ptr<engine::EngineRunner> open_engine(const DatabaseSettings& settings);

  // Where it is told, once, that a server cannot be reached yet. From another thread.
  using Notice = std::function<void(const std::string& sentence)>;
  void set_notice(Notice notice) { notice_ = std::move(notice); }

  // Where every command of what is opened from now on is told of: see CommandLog.
  void set_log(CommandLog::Sink log) { log_ = std::move(log); }

  // A seam for tests: what is opened from now on is handed to `wrap`, and its result is used.
  using Wrap = std::function<std::shared_ptr<CommandRunner>(std::shared_ptr<CommandRunner>)>;
  void wrap_runners(Wrap wrap) { wrap_ = std::move(wrap); }

 private:
  struct Opened {
    std::shared_ptr<engine::EngineRunner> engine;
    std::shared_ptr<CommandRunner> runner;  // the same, wrapped
  };

  std::shared_ptr<CommandRunner> wrapped(std::shared_ptr<CommandRunner> runner) const;
  Opened opened(const DatabaseSettings& settings, const Host& host);

  const std::filesystem::path base_directory_;
  Wrap wrap_;
  Notice notice_;
  CommandLog::Sink log_;
  std::mutex mutex_;
  std::map<std::string, Opened> engines_;
};

// Thread-safe.
class Connection {
 public:
  // make_options: how the alias encrypts; asked for when encryption is first used.
  Connection(std::string alias, const DatabaseSettings& settings,
             const std::filesystem::path& base_directory, RunnerPool& pool,
             std::function<client::EncryptingOptions()> make_options);

  const std::string& alias() const { return alias_; }
  const std::string& database() const { return database_; }
  bool is_encrypted() const { return settings_.auto_encryption.has_value(); }
  bool is_remote() const;  // not an engine in this process
  bool decrypts_anywhere() const {
    return is_encrypted() && settings_.auto_encryption->decrypt == "anywhere";
  }
  const DatabaseSettings& settings() const { return settings_; }

  // False for an embedded database that nothing was written to yet: opening it would create it.
  // Throws DatabaseError where that cannot be seen.
  bool exists() const;
  // False also where the database does not exist, which stays so.
  bool has_collection(std::string_view name);
  // The names of the database's collections, in order, without those that a server keeps for
  // itself; none where the database does not exist, which stays so.
  std::vector<std::string> collections();
  // encryptedFields of the collection, as the database has them; empty without any, and where there
  // is no such collection. Throws Error for a document that is none of encryptedFields.
  schema::EncryptedFields encrypted_fields_of(std::string_view collection);
  // As engine::EngineRunner::repair, of an embedded database in a folder that is not open. Throws
  // ImproperlyConfigured for another.
  storage::RepairReport repair(bool accept_loss) const;
  // The folder of an embedded database. Throws ImproperlyConfigured for another.
  std::filesystem::path folder() const;
  // As EngineRunner::back_up, and engine::restore_backup, of an embedded database in a folder.
  // Throws ImproperlyConfigured for another, and for one to back up that does not exist.
  void back_up(const std::filesystem::path& directory);
  void restore(const std::filesystem::path& backup, bool replace) const;
  // Throws DatabaseError when an embedded database cannot be opened.
  CommandRunner& plain();
  // The encrypting runner of an encrypting alias, else plain(). Throws ImproperlyConfigured for
  // secrets that cannot be read, keys of the wrong size, and maps that do not fit.
  CommandRunner& runner();
  // Of the data keys; empty on an alias that does not encrypt.
  std::string key_vault_collection() const;
  // Only on an encrypting alias.
  keyvault::KeyVault& key_vault();
  keyvault::KeyCache& key_cache();
  // The key of that alternate name. Nothing also where the database does not exist, which stays so.
  std::optional<keyvault::DataKeyDocument> find_key(std::string_view alt_name);
  // What to do about a data key that is gone although its collection is there.
  std::string advice_on_lost_key() const;
  // Throws ImproperlyConfigured when a provider's secrets cannot be read, and when it cannot unwrap
  // the first data key that the vault has of it: new keys would be wrapped by another master key
  // than the old ones. Makes no database.
  void verify_keys();
  // The file that encrypted_fields_map names; empty: no map is pinned.
  std::filesystem::path map_file() const;
  // Nothing when none is pinned. Throws ImproperlyConfigured for one that cannot be read.
  std::optional<schema::EncryptedFieldsMap> pinned_map() const;
  // Throws ImproperlyConfigured for a pinned map that does not fit the models. Opens nothing.
  void verify_map() const { make_options_(); }
  // Provider and master key of new data keys.
  client::CreateEncryptedOptions create_options() const;
  // After a schema was changed behind the encrypting runner's back.
  void forget_schemas();

 private:
  // In the order of construction.
  struct Keys {
    keyvault::KeyVault vault;
    keyvault::KeyCache cache;
    Keys(CommandRunner& runner, const AutoEncryption& options,
         std::shared_ptr<const kms::KmsRegistry> registry);
  };
  Keys& keys();
  // Throws ImproperlyConfigured that names the alias.
  std::shared_ptr<const kms::KmsRegistry> make_registry() const;

  const std::string alias_;
  const DatabaseSettings& settings_;
  const std::string database_;
  const std::filesystem::path& base_directory_;
  RunnerPool& pool_;
  const std::function<client::EncryptingOptions()> make_options_;
  mutable std::atomic<bool> exists_ = false;  // once seen, it is not looked for again
  std::recursive_mutex mutex_;
  std::shared_ptr<CommandRunner> plain_;
  std::unique_ptr<Keys> keys_;
  std::unique_ptr<client::EncryptingRunner> encrypting_;
};

}  // namespace quern::internal

#endif  // QUERN_PROJECT_CONNECTION_H_
