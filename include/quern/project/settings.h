// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A project's settings, written in code or read from a TOML file with the same names:
//
//   database_routers = ["EncryptedRouter"]
//
//   [databases.default]
//   host = "embedded:data/plain"
//   name = "my_db"
//
//   [databases.encrypted]
//   host = "embedded:data/encrypted"
//   name = "encrypted_db"
//
//   [databases.encrypted.auto_encryption]
//   key_vault_namespace = "encrypted_db.__keyVault"
//   kms_providers.local.key = "file:local_kek"
//
// Secrets are references (see secret.h). Relative paths are relative to base_directory.
#ifndef QUERN_PROJECT_SETTINGS_H_
#define QUERN_PROJECT_SETTINGS_H_

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quern/base/export.h"
#include "quern/kms/key_service.h"
#include "quern/project/router.h"
#include "quern/project/secret.h"

namespace quern {

// Where key encryption keys live and how to get at them: a provider's name and its options, under
// the names that MongoDB's drivers use. The structs of quern::kms convert to it.
struct KmsProvider {
  std::string name;  // "local", "aws", "azure", "gcp", "kmip"
  std::map<std::string, Secret> secrets = {};
  std::map<std::string, std::string> options = {};
  // Asked in place of the provider, which then needs no secrets and may be one that this version cannot use.
  std::shared_ptr<KeyService> service = {};
};

// Which key encryption key of a provider wraps the data keys.
struct KmsCredentials {
  std::string provider;
  std::map<std::string, std::string> options = {};
};

namespace kms {

// A 96-byte key, raw or in base64: `manage generatelocalkey` makes one. For development and for
// machines that protect the key themselves.
struct Local {
  Secret key;
  operator quern::KmsProvider() const { return {.name = "local", .secrets = {{"key", key}}}; }
};

// A service in code, in place of the provider of that name.
struct Service {
  std::string name;
  std::shared_ptr<KeyService> service;
  operator quern::KmsProvider() const { return {.name = name, .service = service}; }
};

struct QUERN_EXPORT Aws {
  Secret access_key_id = {};
  Secret secret_access_key = {};
  Secret session_token = {};  // of temporary credentials
  operator quern::KmsProvider() const;
};

struct QUERN_EXPORT AwsMasterKey {
  std::string key;  // Amazon Resource Name
  std::string region;
  std::string endpoint = {};
  operator quern::KmsCredentials() const;
};

}  // namespace kms

struct AutoEncryption {
  // "<database>.<collection>" of the data keys; the database is the one in `name`.
  std::string key_vault_namespace;
  std::vector<KmsProvider> kms_providers;
  // The provider for new data keys, where several are configured.
  std::string default_kms_provider = {};
  // A file that `manage showencryptedfieldsmap --out` wrote. It pins the keys: what a server says
  // about encrypted fields must equal it. It must have every encrypted field of the models. Without
  // it, a server must still encrypt what the models declare.
  std::filesystem::path encrypted_fields_map = {};
  // Data keys are read from the key vault again after this time.
  int key_expiration_ms = 60'000;
  // "schema": values are decrypted only where the schema says that they are encrypted. "anywhere":
  // every ciphertext in a document is, for values that were encrypted by hand in collections
  // without a schema. The risk: a server without keys can then have any ciphertext decrypted in any
  // member that it puts it into; what the application writes back or logs of such a member in the
  // clear, the server gets. Models take no such value.
  std::string decrypt = "schema";
  // Accepted so that settings can be carried over. They have no effect: the analysis of queries is
  // part of Quern.
  std::filesystem::path crypt_shared_lib_path = {};
  bool crypt_shared_lib_required = false;
};

struct DatabaseSettings {
  // "embedded:PATH", "memory:", "memory:NAME", "mongodb://…" or "mongodb+srv://…". Aliases with the
  // same embedded or memory host share one engine.
  std::string host;
  // The database's name. Empty: the one in the path of a mongodb:// host.
  std::string name = {};
  // These override the host's.
  std::string user = {};
  Secret password = {};
  std::optional<int> port = {};
  // Options of the connection string, such as {"replicaSet", "rs0"}.
  std::map<std::string, std::string> options = {};
  // Of an embedded engine: "always" (a write is on disk when it is acknowledged), "<N>ms" (at most
  // that much later) or "never" (when the engine sees fit). Empty: the engine's default.
  std::string durability = {};
  // Of an embedded engine in a folder: the database must be there, and nothing is written, so that
  // the folder may be one that this user cannot write to.
  bool read_only = false;
  std::optional<AutoEncryption> auto_encryption = {};
  std::vector<KmsCredentials> kms_credentials = {};
};

struct QUERN_EXPORT Settings {
  std::map<std::string, DatabaseSettings> databases;  // "default" must be there
  std::vector<Router> database_routers = {};
  // Where relative paths start, and where the apps' migrations lie: <app>/migrations. Of settings
  // read from a file, the file's folder.
  std::filesystem::path base_directory = ".";

  // Reads a TOML file. `routers` are those that its database_routers may name, by class name, with
  // or without namespaces. Throws ImproperlyConfigured with every problem found, each with its key
  // path and line.
  static Settings load(const std::filesystem::path& file, std::vector<Router> routers = {});
};

}  // namespace quern

#endif  // QUERN_PROJECT_SETTINGS_H_
