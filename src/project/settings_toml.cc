// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Settings::load: from TOML to the Settings struct. What a value must be like is
// settings_check.cc's part; here it gets its type, its line and its neighbours' names.
#define TOML_EXCEPTIONS 1
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <functional>

#include "base/nearest.h"
#include "project/kms_settings.h"
#include "project/problems.h"
#include "project/settings_check.h"
#include "quern/base/error.h"
#include "quern/project/settings.h"

namespace quern {
namespace {

std::string joined(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
}

// One table: its members are taken by name, and what nobody took is unknown.
class TableReader {
 public:
  TableReader(const toml::table& table, std::string path, Problems& problems)
      : table_(table), path_(std::move(path)), problems_(problems) {}

  std::string text(std::string_view key) {
    const toml::node* node = take(key);
    if (!node) return "";
    if (const auto* value = node->as_string()) return value->get();
    problem(key, "must be a string");
    return "";
  }
  bool flag(std::string_view key) {
    const toml::node* node = take(key);
    if (!node) return false;
    if (const auto* value = node->as_boolean()) return value->get();
    problem(key, "must be true or false");
    return false;
  }
  std::optional<int> number(std::string_view key) {
    const toml::node* node = take(key);
    if (!node) return std::nullopt;
    const auto* value = node->as_integer();
    if (value && value->get() == static_cast<int>(value->get())) {
      return static_cast<int>(value->get());
    }
    problem(key, "must be a whole number");
    return std::nullopt;
  }
  Secret secret(std::string_view key) {
    const std::string reference = text(key);
    if (reference.empty()) return {};
    try {
      return Secret::parse(reference);
    } catch (const Error& error) {
      problem(key, error.what());
      return {};
    }
  }
  // Calls read with a reader for a table, if it is there.
  void table(std::string_view key, const std::function<void(TableReader&)>& read) {
    const toml::node* node = take(key);
    if (!node) return;
    const toml::table* table = node->as_table();
    if (!table) return problem(key, "must be a table");
    TableReader reader(*table, joined(path_, key), problems_);
    read(reader);
    reader.finish();
  }
  // Calls read for every member, which must be a table.
  void tables(const std::function<void(const std::string& name, TableReader&)>& read) {
    for (const auto& [key, node] : table_) {
      const std::string name(key.str());
      table(name, [&](TableReader& reader) { read(name, reader); });
    }
  }
  // Every member as text: strings, numbers and booleans.
  std::map<std::string, std::string> texts() {
    std::map<std::string, std::string> out;
    for (const auto& [key, node] : table_) {
      take(key.str());
      if (const auto* text = node.as_string()) {
        out.emplace(key.str(), text->get());
      } else if (const auto* number = node.as_integer()) {
        out.emplace(key.str(), std::to_string(number->get()));
      } else if (const auto* flag = node.as_boolean()) {
        out.emplace(key.str(), flag->get() ? "true" : "false");
      } else {
        problem(key.str(), "must be a string, a number, true or false");
      }
    }
    return out;
  }
  const toml::node* take(std::string_view key) {
    known_.emplace_back(key);
    const toml::node* node = table_.get(key);
    if (node) problems_.locate(joined(path_, key), static_cast<int>(node->source().begin.line));
    return node;
  }
  void problem(std::string_view key, std::string_view text) {
    problems_.add(joined(path_, key), text);
  }
  const std::string& path() const { return path_; }

  // Reports members that were not taken.
  void finish() {
    for (const auto& [key, node] : table_) {
      const std::string name(key.str());
      if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
      problems_.locate(joined(path_, name), static_cast<int>(key.source().begin.line));
      const auto hint = nearest(name, known_);
      problem(name, hint ? fmt::format("unknown key. Did you mean '{}'?", *hint)
                         : fmt::format("unknown key. Known here are {}", fmt::join(known_, ", ")));
    }
  }

 private:
  const toml::table& table_;
  std::string path_;
  Problems& problems_;
  std::vector<std::string> known_;
};

KmsProvider read_provider(const std::string& name, TableReader& reader) {
  KmsProvider provider{.name = name};
  const KmsOptionNames* names = kms_option_names(name);
  if (!names) {
    reader.texts();  // the provider's name is the problem, not its options
    return provider;
  }
  for (const std::string& key : names->secrets) {
    if (const Secret secret = reader.secret(key)) provider.secrets.emplace(key, secret);
  }
  for (const std::string& key : names->options) {
    if (const std::string text = reader.text(key); !text.empty()) {
      provider.options.emplace(key, text);
    }
  }
  return provider;
}

KmsCredentials read_credentials(const std::string& provider, TableReader& reader) {
  KmsCredentials credentials{.provider = provider};
  const KmsOptionNames* names = kms_option_names(provider);
  if (!names) {
    reader.texts();
    return credentials;
  }
  for (const std::string& key : names->master_key) {
    const std::string text = reader.text(key);
    if (!text.empty()) credentials.options.emplace(key, text);
  }
  return credentials;
}

AutoEncryption read_encryption(TableReader& reader) {
  AutoEncryption out;
  out.key_vault_namespace = reader.text("key_vault_namespace");
  reader.table("kms_providers", [&](TableReader& providers) {
    providers.tables([&](const std::string& name, TableReader& provider) {
      out.kms_providers.push_back(read_provider(name, provider));
    });
  });
  out.default_kms_provider = reader.text("default_kms_provider");
  out.encrypted_fields_map = reader.text("encrypted_fields_map");
  out.key_expiration_ms = reader.number("key_expiration_ms").value_or(out.key_expiration_ms);
  if (const std::string decrypt = reader.text("decrypt"); !decrypt.empty()) out.decrypt = decrypt;
  out.crypt_shared_lib_path = reader.text("crypt_shared_lib_path");
  out.crypt_shared_lib_required = reader.flag("crypt_shared_lib_required");
  return out;
}

DatabaseSettings read_database(TableReader& reader) {
  DatabaseSettings out;
  out.host = reader.text("host");
  out.name = reader.text("name");
  out.user = reader.text("user");
  out.password = reader.secret("password");
  out.port = reader.number("port");
  reader.table("options", [&](TableReader& options) { out.options = options.texts(); });
  out.durability = reader.text("durability");
  out.read_only = reader.flag("read_only");
  reader.table("auto_encryption",
               [&](TableReader& options) { out.auto_encryption = read_encryption(options); });
  reader.table("kms_credentials", [&](TableReader& providers) {
    providers.tables([&](const std::string& name, TableReader& provider) {
      out.kms_credentials.push_back(read_credentials(name, provider));
    });
  });
  return out;
}

// The router of that name: the class's, or its last part ("EncryptedRouter"), with dots or colons.
const Router* find_router(std::string_view name, const std::vector<Router>& available) {
  std::string wanted(name);
  for (std::size_t dot; (dot = wanted.find('.')) != std::string::npos;)
    wanted.replace(dot, 1, "::");
  for (const Router& router : available) {
    if (router.name() == wanted || router.name().ends_with("::" + wanted)) return &router;
  }
  return nullptr;
}

std::vector<Router> read_routers(TableReader& reader, std::vector<Router> available,
                                 Problems& problems) {
  std::vector<Router> out;
  available.push_back(MongoRouter{});
  const toml::node* node = reader.take("database_routers");
  if (!node) return out;
  const toml::array* array = node->as_array();
  if (!array) {
    reader.problem("database_routers", "must be an array");
    return out;
  }
  for (std::size_t i = 0; i < array->size(); ++i) {
    const toml::node& entry = *array->get(i);
    const std::string path = fmt::format("database_routers[{}]", i);
    problems.locate(path, static_cast<int>(entry.source().begin.line));
    if (const toml::table* table = entry.as_table()) {
      TableReader router(*table, path, problems);
      AppRouter app_router{.app = router.text("app"), .database = router.text("database")};
      router.finish();
      if (app_router.app.empty() || app_router.database.empty()) {
        problems.add(path, "needs \"app\" and \"database\"");
      }
      out.push_back(std::move(app_router));
    } else if (const auto* name = entry.as_string()) {
      if (const Router* router = find_router(name->get(), available)) {
        out.push_back(*router);
      } else {
        std::vector<std::string> names;
        for (const Router& known : available) names.push_back(known.name());
        problems.add(path, fmt::format("there is no router '{}'; known are {}", name->get(),
                                       fmt::join(names, ", ")));
      }
    } else {
      problems.add(path, "must be a router's name or { app = …, database = … }");
    }
  }
  return out;
}

toml::table parse_file(const std::filesystem::path& file, Problems& problems) {
  try {
    return toml::parse_file(file.string());
  } catch (const toml::parse_error& error) {
    problems.locate("", static_cast<int>(error.source().begin.line));
    std::string text(error.description());
    if (text.find("could not determine value type") != std::string::npos) {
      text += ": text stands in quotes, as in name = \"clinic\"";
    }
    problems.add("", text);
    problems.throw_if_any(file.string());
  }
  return {};
}

}  // namespace

Settings Settings::load(const std::filesystem::path& file, std::vector<Router> routers) {
  if (!std::filesystem::exists(file)) {
    throw ImproperlyConfigured(fmt::format(
        "there is no settings file {} (looked for from {}): name another, or run the program where "
        "it is",
        file.string(), std::filesystem::current_path().string()));
  }
  if (std::filesystem::is_directory(file)) {
    throw ImproperlyConfigured(
        fmt::format("{} is a folder: name the settings file in it", file.string()));
  }
  Problems problems;
  const toml::table table = parse_file(file, problems);
  Settings settings;
  TableReader reader(table, "", problems);
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  const std::string base = reader.text("base_directory");
  settings.base_directory = base.empty() ? folder : folder / base;
  settings.database_routers = read_routers(reader, std::move(routers), problems);
  reader.table("databases", [&](TableReader& databases) {
    databases.tables([&](const std::string& alias, TableReader& database) {
      settings.databases.emplace(alias, read_database(database));
    });
  });
  reader.finish();
  check_settings(settings, problems);
  problems.throw_if_any(file.string());
  return settings;
}

}  // namespace quern
