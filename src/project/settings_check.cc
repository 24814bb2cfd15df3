// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "project/settings_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/nearest.h"
#include "project/durability_setting.h"
#include "project/host.h"
#include "project/kms_settings.h"
#include "project/uri_options.h"
#include "quern/base/error.h"
#include "quern/command/namespace.h"

namespace quern {
namespace {

// One alias.
class DatabaseCheck {
 public:
  DatabaseCheck(const std::string& alias, const DatabaseSettings& settings, Problems& problems)
      : path_("databases." + alias), settings_(settings), problems_(problems) {}

  void run() {
    check_host();
    check_name();
    if (settings_.auto_encryption) {
      check_encryption(*settings_.auto_encryption);
    } else if (!settings_.kms_credentials.empty()) {
      problem("kms_credentials", "has no use without auto_encryption");
    }
  }

 private:
  void problem(const std::string& key, std::string_view text) {
    problems_.add(key.empty() ? path_ : path_ + "." + key, text);
  }
  void missing(const std::string& owner, std::string_view key, std::string_view advice = "") {
    problems_.add_missing(owner.empty() ? path_ : path_ + "." + owner, key, advice);
  }
  // Runs a check that throws.
  template <class Check>
  void expect(const std::string& key, Check check) {
    try {
      check();
    } catch (const Error& error) {
      problem(key, error.what());
    }
  }

  void check_host() {
    expect("durability", [&] { parse_durability(settings_.durability); });
    if (settings_.port && (*settings_.port < 1 || *settings_.port > 65535)) {
      problem("port", "must be between 1 and 65535");
    }
    if (settings_.host.empty()) return missing("", "host");
    bool mongo;
    try {
      const Host::Kind kind = Host::parse(settings_.host).kind;
      mongo = kind == Host::Kind::kMongo;
      if (settings_.read_only && kind != Host::Kind::kEmbedded) {
        problem("read_only", "is for embedded databases in a folder");
      }
    } catch (const Error& error) {
      return problem("host", error.what());
    }
    if (mongo) {
      if (!settings_.durability.empty()) {
        problem("durability", "is for embedded databases; here, give w and journal in options");
      }
      if (settings_.port && settings_.host.starts_with("mongodb+srv")) {
        problem("port", "cannot be given with mongodb+srv://");
      }
      if (settings_.port && settings_.host.find(',') != std::string::npos) {
        problem("port", "cannot be given with several hosts: write it into the host");
      }
      for (const auto& [name, value] : settings_.options) check_option("options." + name, name);
      for (const std::string& name : option_names_of(settings_.host)) check_option("host", name);
    } else {
      if (settings_.port) problem("port", "is for mongodb:// hosts");
      if (!settings_.user.empty()) problem("user", "is for mongodb:// hosts");
      if (settings_.password) problem("password", "is for mongodb:// hosts");
      if (!settings_.options.empty()) problem("options", "is for mongodb:// hosts");
    }
  }

  void check_option(const std::string& key, const std::string& name) {
    if (is_uri_option(name)) return;
    const auto hint = nearest(name, uri_option_names());
    problem(key, fmt::format("connection strings have no option '{}'{}", name,
                             hint ? fmt::format(". Did you mean '{}'?", *hint) : ""));
  }

  void check_name() {
    const std::string name = database_name(settings_);
    if (name.empty()) return missing("", "name");
    expect("name", [&] { Namespace::check_database(name); });
  }

  void check_encryption(const AutoEncryption& options) {
    const std::string key = "auto_encryption.key_vault_namespace";
    if (options.key_vault_namespace.empty()) {
      missing("auto_encryption", "key_vault_namespace");
    } else {
      expect(key, [&] {
        const Namespace ns = Namespace::parse(options.key_vault_namespace);
        const std::string name = database_name(settings_);
        if (!name.empty() && ns.database != name) {
          problem(key, fmt::format("'{}': the database part must be '{}', the database's name",
                                   options.key_vault_namespace, name));
        }
      });
    }
    if (options.key_expiration_ms < 0) {
      problem("auto_encryption.key_expiration_ms", "must be 0 (never) or more");
    }
    if (options.decrypt != "schema" && options.decrypt != "anywhere") {
      problem("auto_encryption.decrypt", "must be \"schema\" or \"anywhere\"");
    }
    check_providers(options);
  }

  void check_providers(const AutoEncryption& options) {
    if (options.kms_providers.empty()) {
      return missing("auto_encryption", "kms_providers",
                     "kms_providers.local.key = \"file:PATH\" is the simplest");
    }
    std::set<std::string> names;
    for (const KmsProvider& provider : options.kms_providers) {
      const std::string key = "auto_encryption.kms_providers." + provider.name;
      if (!names.insert(provider.name).second) problem(key, "is given twice");
      check_provider(key, provider);
      check_credentials(provider.name);
    }
    const std::string& chosen = options.default_kms_provider;
    if (names.size() > 1 && chosen.empty()) {
      problem("auto_encryption", fmt::format("has the providers {}: set default_kms_provider",
                                             fmt::join(names, ", ")));
    }
    if (!chosen.empty() && !names.contains(chosen)) {
      problem("auto_encryption.default_kms_provider",
              fmt::format("'{}' is not among the kms_providers", chosen));
    }
    for (const KmsCredentials& credentials : settings_.kms_credentials) {
      if (!names.contains(credentials.provider)) {
        problem("kms_credentials." + credentials.provider, "has no entry in kms_providers");
      }
    }
  }

  void check_provider(const std::string& key, const KmsProvider& provider) {
    const KmsOptionNames* names = kms_option_names(provider.name);
    if (!names) {
      const auto hint = nearest(provider.name, kms_types());
      return problem(key, fmt::format("unknown KMS provider{}; known are {}",
                                      hint ? fmt::format(", did you mean '{}'?", *hint) : "",
                                      fmt::join(kms_types(), ", ")));
    }
    if (provider.service) return;
    for (const std::string& name : names->required_secrets) {
      const auto it = provider.secrets.find(name);
      if (it == provider.secrets.end() || !it->second) {
        missing(key, name);
      }
    }
  }

  void check_credentials(const std::string& provider) {
    const KmsOptionNames* names = kms_option_names(provider);
    if (!names || names->required_master_key.empty()) return;
    const auto it = std::find_if(settings_.kms_credentials.begin(), settings_.kms_credentials.end(),
                                 [&](const KmsCredentials& c) { return c.provider == provider; });
    if (settings_.kms_credentials.empty()) {
      return problem("",
                     fmt::format("is missing 'kms_credentials' required for KMS '{}'.", provider));
    }
    if (it == settings_.kms_credentials.end()) {
      return problem("kms_credentials", fmt::format("is missing '{}' key.", provider));
    }
    for (const std::string& name : names->required_master_key) {
      if (!it->options.contains(name)) {
        missing("kms_credentials." + provider, name);
      }
    }
  }

  std::string path_;
  const DatabaseSettings& settings_;
  Problems& problems_;
};

// Aliases with the same engine must agree on how it is opened.
void check_shared_engines(const Settings& settings, Problems& problems) {
  std::map<std::string, const DatabaseSettings*> by_host;
  for (const auto& [alias, database] : settings.databases) {
    if (!database.host.starts_with("embedded:")) continue;
    const auto [it, is_new] = by_host.emplace(database.host, &database);
    if (is_new) continue;
    if (it->second->durability != database.durability) {
      problems.add("databases." + alias + ".durability",
                   "another alias has the same host and another durability");
    }
    if (it->second->read_only != database.read_only) {
      problems.add("databases." + alias + ".read_only",
                   "another alias has the same host, and only one of the two is read only");
    }
  }
}

}  // namespace

void check_settings(const Settings& settings, Problems& problems) {
  if (!settings.databases.contains("default") && !problems.has_at("databases") &&
      !problems.has_at("databases.default")) {
    problems.add("databases", "You must define a 'default' database.");
  }
  for (const auto& [alias, database] : settings.databases) {
    if (alias.empty() || alias.find('.') != std::string::npos) {
      problems.add("databases", fmt::format("'{}' cannot be an alias", alias));
    }
    DatabaseCheck(alias, database, problems).run();
  }
  check_shared_engines(settings, problems);
}

std::vector<std::string> settings_without_effect(const Settings& settings) {
  std::vector<std::string> out;
  for (const auto& [alias, database] : settings.databases) {
    if (!database.auto_encryption) continue;
    const std::string path = fmt::format("databases.{}.auto_encryption.", alias);
    constexpr std::string_view kReason =
        "has no effect: Quern analyses queries itself and loads no shared library for it";
    if (!database.auto_encryption->crypt_shared_lib_path.empty()) {
      out.push_back(fmt::format("{}crypt_shared_lib_path {}", path, kReason));
    }
    if (database.auto_encryption->crypt_shared_lib_required) {
      out.push_back(fmt::format("{}crypt_shared_lib_required {}", path, kReason));
    }
  }
  for (const Router& router : settings.database_routers) {
    if (router.name() == "quern::MongoRouter") {
      out.push_back(
          "database_routers: MongoRouter has no effect: embedded structs never get a "
          "collection of their own");
    }
    if (router.has_allow_relation()) {
      out.push_back(fmt::format(
          "database_routers: {}::allow_relation is never asked: models have no relations",
          router.name()));
    }
  }
  return out;
}

}  // namespace quern
