// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The table of key management services: one line a type.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "kms/local.h"
#include "kms/registry.h"
#include "quern/base/error.h"

namespace quern::kms {
namespace {

using Maker = std::unique_ptr<KeyWrapper> (*)(std::string name, Credentials credentials);

struct ProviderType {
  std::string_view type;
  Maker make;  // nullptr: known to the format, not supported by this version
};

constexpr std::array kProviderTypes{
    ProviderType{"local", make_local}, ProviderType{"aws", nullptr},
    ProviderType{"azure", nullptr},    ProviderType{"gcp", nullptr},
    ProviderType{"kmip", nullptr},
};

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

std::unique_ptr<KeyWrapper> make_provider(std::string_view name, Credentials credentials) {
  const std::size_t colon = name.find(':');
  const std::string_view type = name.substr(0, colon);
  if (colon != std::string_view::npos) {
    const std::string_view label = name.substr(colon + 1);
    if (label.empty() || !std::ranges::all_of(label, is_name_character)) {
      throw ImproperlyConfigured(fmt::format(
          "KMS provider '{}': what follows the colon must be letters, digits or underscores",
          name));
    }
  }
  const auto found = std::ranges::find(kProviderTypes, type, &ProviderType::type);
  if (found == kProviderTypes.end()) {
    throw ImproperlyConfigured(
        fmt::format("KMS provider '{}' is of no known type: write local or local:<name>", name));
  }
  if (found->make == nullptr) {
    throw ImproperlyConfigured(fmt::format(
        "KMS provider '{}' is not supported by this version of Quern: only local is", name));
  }
  return found->make(std::string(name), std::move(credentials));
}

}  // namespace quern::kms
