// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "base/text.h"
#include "project/commands/commands.h"
#include "project/project_core.h"

namespace quern::internal {
namespace {

// Prints "key = value" lines, for values that are not the default.
class Printer {
 public:
  explicit Printer(std::ostream& out) : out_(out) {}

  void text(const std::string& key, const std::string& value, const std::string& fallback = "") {
    if (value != fallback) out_ << fmt::format("{} = \"{}\"\n", key, value);
  }
  template <class T>
  void plain(const std::string& key, const T& value, const T& fallback) {
    if (value != fallback) out_ << fmt::format("{} = {}\n", key, value);
  }
  void secret(const std::string& key, const Secret& value) {
    if (value) out_ << key << " = " << value << '\n';
  }

 private:
  std::ostream& out_;
};

// Options of a connection string that hold a password or a token.
bool is_secret_option(std::string_view name) {
  const std::string lower = to_lower(name);
  return lower.find("password") != std::string::npos || lower == "authmechanismproperties";
}

// The host without credentials, and without the values of such options.
std::string without_secrets(const std::string& host) {
  const std::size_t scheme = host.find("://");
  if (scheme == std::string::npos) return host;
  const std::size_t question = std::min(host.find('?'), host.size());
  std::string out = host.substr(0, question);
  if (const std::size_t at = out.rfind('@'); at != std::string::npos) {
    out.replace(scheme + 3, at - scheme - 3, "<secret>");
  }
  for (std::size_t start = question; start < host.size();) {
    const std::size_t end = std::min(host.find('&', start + 1), host.size());
    const std::string option = host.substr(start, end - start);  // with its ? or &
    const std::size_t equals = std::min(option.find('='), option.size());
    const bool secret = is_secret_option(std::string_view(option).substr(1, equals - 1));
    out += secret ? option.substr(0, equals) + "=<secret>" : option;
    start = end;
  }
  return out;
}

void print_encryption(Printer& printer, const std::string& path, const AutoEncryption& options) {
  const AutoEncryption fallback;
  printer.text(path + ".key_vault_namespace", options.key_vault_namespace);
  for (const KmsProvider& provider : options.kms_providers) {
    const std::string prefix = fmt::format("{}.kms_providers.{}.", path, provider.name);
    for (const auto& [key, secret] : provider.secrets) printer.secret(prefix + key, secret);
    for (const auto& [key, value] : provider.options) printer.text(prefix + key, value);
  }
  printer.text(path + ".default_kms_provider", options.default_kms_provider);
  printer.text(path + ".encrypted_fields_map", options.encrypted_fields_map.string());
  printer.plain(path + ".key_expiration_ms", options.key_expiration_ms, fallback.key_expiration_ms);
  if (options.decrypt != fallback.decrypt) printer.text(path + ".decrypt", options.decrypt);
  printer.text(path + ".crypt_shared_lib_path", options.crypt_shared_lib_path.string());
  printer.plain(path + ".crypt_shared_lib_required", options.crypt_shared_lib_required, false);
}

void print_database(Printer& printer, const std::string& path, const DatabaseSettings& database) {
  printer.text(path + ".host", without_secrets(database.host));
  printer.text(path + ".name", database.name);
  printer.text(path + ".user", database.user);
  printer.secret(path + ".password", database.password);
  printer.plain(path + ".port", database.port.value_or(0), 0);
  for (const auto& [key, value] : database.options) {
    printer.text(path + ".options." + key, is_secret_option(key) ? "<secret>" : value);
  }
  printer.text(path + ".durability", database.durability);
  printer.plain(path + ".read_only", database.read_only, false);
  if (database.auto_encryption) {
    print_encryption(printer, path + ".auto_encryption", *database.auto_encryption);
  }
  for (const KmsCredentials& credentials : database.kms_credentials) {
    for (const auto& [key, value] : credentials.options) {
      printer.text(fmt::format("{}.kms_credentials.{}.{}", path, credentials.provider, key), value);
    }
  }
}

ExitCode run(CommandContext& context) {
  const Settings& settings = context.project.settings();
  Printer printer(context.console.out);
  printer.text("base_directory", settings.base_directory.string(), ".");
  for (std::size_t i = 0; i < settings.database_routers.size(); ++i) {
    printer.text(fmt::format("database_routers[{}]", i), settings.database_routers[i].name());
  }
  for (const auto& [alias, database] : settings.databases) {
    print_database(printer, "databases." + alias, database);
  }
  return ExitCode::kOk;
}

}  // namespace

Command diffsettings_command() {
  return {.name = "diffsettings",
          .summary = "Print the settings that differ from the defaults. Secrets are not shown.",
          .examples = {"diffsettings"},
          .run = run};
}

}  // namespace quern::internal
