// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "kms/registry.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "quern/base/error.h"

namespace quern::kms {

void KmsRegistry::add(std::unique_ptr<KeyWrapper> provider) {
  const std::string name = provider->name();
  if (!providers_.emplace(name, std::move(provider)).second) {
    throw ImproperlyConfigured(fmt::format("KMS provider '{}' is configured twice", name));
  }
}

KeyWrapper& KmsRegistry::get(std::string_view name) const {
  const auto found = providers_.find(name);
  if (found != providers_.end()) return *found->second;
  if (providers_.empty()) {
    throw ImproperlyConfigured(
        fmt::format("KMS provider '{}' is not configured: kms_providers is empty", name));
  }
  throw ImproperlyConfigured(fmt::format("KMS provider '{}' is not configured (configured: {})",
                                         name, fmt::join(names(), ", ")));
}

std::vector<std::string> KmsRegistry::names() const {
  std::vector<std::string> names;
  for (const auto& [name, provider] : providers_) names.push_back(name);
  return names;
}

}  // namespace quern::kms
