// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "project/connection.h"

#include <fmt/format.h>

#include <algorithm>

#include "client/mongo_runner.h"
#include "engine/engine_runner.h"
#include "kms/registry.h"
#include "kms/service.h"
#include "project/durability_setting.h"
#include "project/encrypted_map.h"
#include "project/host.h"
#include "project/secret_reader.h"
#include "quern/base/error.h"
#include "quern/command/reply.h"
#include "storage/rocks_directory.h"

namespace quern::internal {

std::shared_ptr<CommandRunner> RunnerPool::wrapped(std::shared_ptr<CommandRunner> runner) const {
  if (wrap_) runner = wrap_(std::move(runner));
  return log_ ? std::make_shared<CommandLog>(std::move(runner), log_) : runner;
}

std::shared_ptr<CommandRunner> RunnerPool::open(const DatabaseSettings& settings) {
  const Host host = Host::parse(settings.host);
  if (host.kind == Host::Kind::kMongo) {
    client::MongoOptions options;
    options.uri = connection_string(settings);
    options.user = settings.user;
    if (settings.password) options.password = read_secret(settings.password, base_directory_);
    if (notice_) {
      options.on_unreachable = [notice = notice_](std::string_view address,
                                                  std::string_view reason) {
        notice(
            fmt::format("{} cannot be reached yet ({}). Trying on, for serverSelectionTimeoutMS "
                        "of the options (30 s by default)",
                        address, reason));
      };
    }
    return wrapped(std::make_shared<client::MongoRunner>(std::move(options)));
  }
  return opened(settings, host).runner;
}

std::shared_ptr<engine::EngineRunner> RunnerPool::open_engine(const DatabaseSettings& settings) {
  return opened(settings, Host::parse(settings.host)).engine;
}

RunnerPool::Opened RunnerPool::opened(const DatabaseSettings& settings, const Host& host) {
  engine::EngineOptions options;
  options.durability = parse_durability(settings.durability);
  std::string name = settings.host;
  if (host.kind == Host::Kind::kEmbedded) {
    options.directory = base_directory_ / host.location;
    options.read_only = settings.read_only;
    name = std::filesystem::weakly_canonical(options.directory).string();
  }
  const std::lock_guard lock(mutex_);
  Opened& opened = engines_[name];
  if (!opened.runner) {
    opened.engine = std::make_shared<engine::EngineRunner>(std::move(options));
    opened.runner = wrapped(opened.engine);
  }
  return opened;
}

Connection::Keys::Keys(CommandRunner& runner, const AutoEncryption& options,
                       std::shared_ptr<const kms::KmsRegistry> registry)
    : vault(runner, Namespace::parse(options.key_vault_namespace), std::move(registry)),
      cache(vault, std::chrono::milliseconds(options.key_expiration_ms)) {}

Connection::Connection(std::string alias, const DatabaseSettings& settings,
                       const std::filesystem::path& base_directory, RunnerPool& pool,
                       std::function<client::EncryptingOptions()> make_options)
    : alias_(std::move(alias)),
      settings_(settings),
      database_(database_name(settings)),
      base_directory_(base_directory),
      pool_(pool),
      make_options_(std::move(make_options)) {}

bool Connection::is_remote() const {
  return Host::parse(settings_.host).kind == Host::Kind::kMongo;
}

bool Connection::exists() const {
  if (exists_) return true;
  const Host host = Host::parse(settings_.host);
  exists_ = host.kind != Host::Kind::kEmbedded ||
            storage::holds_rocks_store(base_directory_ / host.location);
  return exists_;
}

bool Connection::has_collection(std::string_view name) {
  bool found = false;
  if (!exists()) return found;
  for_each(plain(), database_, bson::doc("listCollections", 1, "filter", bson::doc("name", name)),
           [&](bson::View) {
             found = true;
             return false;
           });
  return found;
}

std::vector<std::string> Connection::collections() {
  std::vector<std::string> names;
  if (!exists()) return names;
  for_each(
      plain(), database_,
      bson::doc("listCollections", 1, "filter", bson::doc("type", "collection"), "nameOnly", true),
      [&](bson::View info) {
        const std::string_view name = info["name"].as_string();
        if (!name.starts_with("system.")) names.emplace_back(name);
        return true;
      });
  std::sort(names.begin(), names.end());
  return names;
}

schema::EncryptedFields Connection::encrypted_fields_of(std::string_view collection) {
  schema::EncryptedFields out;
  if (!exists()) return out;
  const bson::Document list =
      bson::doc("listCollections", 1, "filter", bson::doc("name", collection));
  for_each(plain(), database_, list, [&](bson::View info) {
    const bson::Element fields = info.at_path("options.encryptedFields");
    if (fields) out = schema::EncryptedFields::parse(fields.value(), collection);
    return false;
  });
  return out;
}

std::string Connection::advice_on_lost_key() const {
  return fmt::format(
      "It was deleted: bring its document back from a backup of {}. Without it nobody can read "
      "what it encrypted; what is left is to delete those documents, or to drop and migrate the "
      "collection anew",
      settings_.auto_encryption->key_vault_namespace);
}

std::filesystem::path Connection::folder() const {
  const Host host = Host::parse(settings_.host);
  if (host.kind != Host::Kind::kEmbedded) {
    throw ImproperlyConfigured(fmt::format(
        "the database '{}' is not a folder of this machine: its host is {}", alias_,
        host.kind == Host::Kind::kMemory ? "memory"
                                         : "a MongoDB deployment, which has tools of its "
                                           "own"));
  }
  return base_directory_ / host.location;
}

storage::RepairReport Connection::repair(bool accept_loss) const {
  return engine::EngineRunner::repair({.directory = folder()}, accept_loss);
}

void Connection::back_up(const std::filesystem::path& directory) {
  if (!storage::holds_rocks_store(folder())) {
    throw ImproperlyConfigured(
        fmt::format("the database '{}' does not exist yet: there is nothing to back up", alias_));
  }
  pool_.open_engine(settings_)->back_up(directory);
}

void Connection::restore(const std::filesystem::path& backup, bool replace) const {
  engine::restore_backup(backup, folder(), replace);
}

CommandRunner& Connection::plain() {
  const std::lock_guard lock(mutex_);
  if (!plain_) plain_ = pool_.open(settings_);
  return *plain_;
}

std::shared_ptr<const kms::KmsRegistry> Connection::make_registry() const try {
  auto registry = std::make_shared<kms::KmsRegistry>();
  for (const KmsProvider& provider : settings_.auto_encryption->kms_providers) {
    if (provider.service) {
      registry->add(std::make_unique<kms::ServiceKms>(provider.name, provider.service));
      continue;
    }
    kms::Credentials credentials;
    for (const auto& [name, secret] : provider.secrets) {
      credentials.emplace(name, read_secret(secret, base_directory_));
    }
    for (const auto& [name, text] : provider.options) {
      credentials.emplace(name, SecretBytes::copy_of(as_bytes(text)));
    }
    registry->add(kms::make_provider(provider.name, std::move(credentials)));
  }
  return registry;
} catch (const ImproperlyConfigured& error) {
  throw ImproperlyConfigured(fmt::format("databases.{}.auto_encryption: {}", alias_, error.what()));
}

Connection::Keys& Connection::keys() {
  const std::lock_guard lock(mutex_);
  if (!keys_) {
    if (!is_encrypted()) {
      throw ImproperlyConfigured(
          fmt::format("database '{0}' has no keys: databases.{0} is missing the "
                      "\"auto_encryption\" setting",
                      alias_));
    }
    keys_ = std::make_unique<Keys>(plain(), *settings_.auto_encryption, make_registry());
  }
  return *keys_;
}

CommandRunner& Connection::runner() {
  if (!is_encrypted()) return plain();
  const std::lock_guard lock(mutex_);
  if (!encrypting_) {
    keyvault::KeyCache& cache = keys().cache;
    encrypting_ = std::make_unique<client::EncryptingRunner>(plain(), cache, make_options_());
  }
  return *encrypting_;
}

std::string Connection::key_vault_collection() const {
  if (!is_encrypted()) return {};
  return Namespace::parse(settings_.auto_encryption->key_vault_namespace).collection;
}

keyvault::KeyVault& Connection::key_vault() { return keys().vault; }

keyvault::KeyCache& Connection::key_cache() { return keys().cache; }

std::optional<keyvault::DataKeyDocument> Connection::find_key(std::string_view alt_name) {
  return exists() ? key_vault().find(alt_name) : std::nullopt;
}

void Connection::verify_keys() {
  if (!exists()) {
    make_registry();
    return;
  }
  const std::vector<keyvault::DataKeyDocument> keys = key_vault().all();
  for (const KmsProvider& provider : settings_.auto_encryption->kms_providers) {
    const auto key = std::find_if(keys.begin(), keys.end(), [&](const auto& candidate) {
      return candidate.provider() == provider.name;
    });
    if (key == keys.end()) continue;
    try {
      key_vault().unwrap(*key);
    } catch (const Error& error) {
      if (!error.is(ErrorCode::kAuthenticationFailed)) throw;
      throw ImproperlyConfigured(
          fmt::format("databases.{}.auto_encryption: {}", alias_, error.what()));
    }
  }
}

std::filesystem::path Connection::map_file() const {
  if (!is_encrypted() || settings_.auto_encryption->encrypted_fields_map.empty()) return {};
  return base_directory_ / settings_.auto_encryption->encrypted_fields_map;
}

std::optional<schema::EncryptedFieldsMap> Connection::pinned_map() const {
  const std::filesystem::path file = map_file();
  if (file.empty()) return std::nullopt;
  return read_map(file);
}

client::CreateEncryptedOptions Connection::create_options() const {
  client::CreateEncryptedOptions out;
  const AutoEncryption& options = *settings_.auto_encryption;
  out.provider = options.default_kms_provider.empty() ? options.kms_providers.front().name
                                                      : options.default_kms_provider;
  for (const KmsCredentials& credentials : settings_.kms_credentials) {
    if (credentials.provider != out.provider) continue;
    bson::Builder master_key;
    for (const auto& [name, text] : credentials.options) master_key.append(name, text);
    out.master_key = master_key.finish();
  }
  return out;
}

void Connection::forget_schemas() {
  const std::lock_guard lock(mutex_);
  if (encrypting_) encrypting_->forget_schemas();
}

}  // namespace quern::internal
