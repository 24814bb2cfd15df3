// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The key management services that an application has configured, by name.
#ifndef QUERN_KMS_REGISTRY_H_
#define QUERN_KMS_REGISTRY_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kms/key_wrapper.h"

namespace quern::kms {

// The credentials of one provider, by the names of MongoDB's kmsProviders document: {key: …} for
// local; {accessKeyId: …, secretAccessKey: …} for aws, and so on.
using Credentials = std::map<std::string, SecretBytes, std::less<>>;

// Makes the provider for "<type>" or "<type>:<name>", such as "local" or "local:archive". Throws
// ImproperlyConfigured when the type is unknown, not supported yet, or when credentials are
// missing, malformed or of another type's.
std::unique_ptr<KeyWrapper> make_provider(std::string_view name, Credentials credentials);

// Filled at start-up, read-only and thread-safe afterwards. Owns the providers.
class KmsRegistry {
 public:
  // Throws ImproperlyConfigured when a provider of that name is there already.
  void add(std::unique_ptr<KeyWrapper> provider);

  // Throws ImproperlyConfigured that names what is configured when there is no such provider.
  KeyWrapper& get(std::string_view name) const;
  std::vector<std::string> names() const;

 private:
  std::map<std::string, std::unique_ptr<KeyWrapper>, std::less<>> providers_;
};

}  // namespace quern::kms

#endif  // QUERN_KMS_REGISTRY_H_
