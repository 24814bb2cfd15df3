// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "project/kms_settings.h"

#include <algorithm>

#include "quern/project/settings.h"

namespace quern {
namespace {

const std::vector<KmsOptionNames>& table() {
  static const std::vector<KmsOptionNames> names = {
      {"local", {"key"}, {}, {}, {"key"}, {}},
      {"aws",
       {"accessKeyId", "secretAccessKey", "sessionToken"},
       {},
       {"region", "key", "endpoint"},
       {"accessKeyId", "secretAccessKey"},
       {"region", "key"}},
      {"azure",
       {"clientSecret"},
       {"tenantId", "clientId", "identityPlatformEndpoint"},
       {"keyVaultEndpoint", "keyName", "keyVersion"},
       {"clientSecret"},
       {"keyVaultEndpoint", "keyName"}},
      {"gcp",
       {"privateKey"},
       {"email", "endpoint"},
       {"projectId", "location", "keyRing", "keyName", "keyVersion", "endpoint"},
       {"privateKey"},
       {"projectId", "location", "keyRing", "keyName"}},
      {"kmip", {}, {"endpoint"}, {"keyId", "endpoint", "delegated"}, {}, {}},
  };
  return names;
}

}  // namespace

const KmsOptionNames* kms_option_names(std::string_view provider) {
  const std::string_view type = provider.substr(0, provider.find(':'));
  const auto it = std::find_if(table().begin(), table().end(),
                               [&](const KmsOptionNames& names) { return names.type == type; });
  return it == table().end() ? nullptr : &*it;
}

std::vector<std::string> kms_types() {
  std::vector<std::string> out;
  for (const KmsOptionNames& names : table()) out.push_back(names.type);
  return out;
}

namespace kms {

Aws::operator quern::KmsProvider() const {
  quern::KmsProvider out{.name = "aws"};
  if (access_key_id) out.secrets["accessKeyId"] = access_key_id;
  if (secret_access_key) out.secrets["secretAccessKey"] = secret_access_key;
  if (session_token) out.secrets["sessionToken"] = session_token;
  return out;
}

AwsMasterKey::operator quern::KmsCredentials() const {
  KmsCredentials out{.provider = "aws", .options = {{"key", key}, {"region", region}}};
  if (!endpoint.empty()) out.options["endpoint"] = endpoint;
  return out;
}

}  // namespace kms
}  // namespace quern
