// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/testing/temporary_project.h"

#include <sstream>
#include <string_view>

#include "quern/base/error.h"
#include "quern/project/manage.h"

namespace quern::testing {
namespace {

// "clinic" of "mongodb://host/clinic?replicaSet=rs0".
std::string database_in(std::string_view host) {
  const std::size_t scheme = host.find("://");
  if (scheme == host.npos) return {};
  host.remove_prefix(scheme + 3);
  const std::size_t slash = host.find('/');
  if (slash == host.npos) return {};
  host.remove_prefix(slash + 1);
  return std::string(host.substr(0, host.find('?')));
}

Settings moved_to(Settings settings, const std::filesystem::path& folder) {
  settings.base_directory = folder;
  return settings;
}

}  // namespace

Settings memory_settings(std::shared_ptr<KeyService> service) {
  Settings settings;
  settings.databases["default"] = {
      .host = "memory:",
      .name = "test",
      .auto_encryption =
          AutoEncryption{.key_vault_namespace = "test.__keyVault",
                         .kms_providers = {kms::Service{"local", std::move(service)}}}};
  return settings;
}

Settings in_memory(Settings settings) {
  std::map<std::string, std::string> hosts;
  std::map<std::string, std::shared_ptr<KeyService>> services;  // aliases may share a vault
  for (auto& [alias, database] : settings.databases) {
    if (database.name.empty()) database.name = database_in(database.host);
    database.host = hosts.try_emplace(database.host, "memory:" + alias).first->second;
    database.user.clear();
    database.password = {};
    database.port.reset();
    database.options.clear();
    database.durability.clear();
    if (!database.auto_encryption) continue;
    database.auto_encryption->encrypted_fields_map.clear();
    for (KmsProvider& provider : database.auto_encryption->kms_providers) {
      if (provider.service) continue;
      std::shared_ptr<KeyService>& service = services[provider.name];
      if (!service) service = std::make_shared<MockKms>();
      provider = kms::Service{provider.name, service};
    }
  }
  return settings;
}

TemporaryProject::TemporaryProject(Settings settings)
    : project_(moved_to(std::move(settings), folder_.path())) {}

std::string TemporaryProject::run(const std::vector<std::string>& arguments) {
  std::vector<const char*> argv{"manage"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  std::ostringstream out;
  std::ostringstream err;
  std::istringstream in;
  const int code = manage(project_, static_cast<int>(argv.size()), argv.data(),
                          Console{.out = out, .err = err, .in = in});
  if (code != 0) {
    std::string command;
    for (const std::string& argument : arguments) command += " " + argument;
    throw Error(ErrorCode::kOperationFailed, "manage" + command + " ended with exit code " +
                                                 std::to_string(code) + ":\n" + out.str() +
                                                 err.str());
  }
  return out.str();
}

void TemporaryProject::migrate() {
  run({"makemigrations"});
  for (const auto& [alias, database] : project_.settings().databases) {
    run({"migrate", "--database", alias});
  }
}

}  // namespace quern::testing
