// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The options of the key management services, as MongoDB's drivers name them.
#ifndef QUERN_PROJECT_KMS_SETTINGS_H_
#define QUERN_PROJECT_KMS_SETTINGS_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quern {

struct KmsOptionNames {
  std::string type;
  std::vector<std::string> secrets;     // of kms_providers: references
  std::vector<std::string> options;     // of kms_providers: text
  std::vector<std::string> master_key;  // of kms_credentials
  std::vector<std::string> required_secrets;
  std::vector<std::string> required_master_key;
};

// By the provider's name, "aws" or "aws:archive"; null when there is no such type.
const KmsOptionNames* kms_option_names(std::string_view provider);
std::vector<std::string> kms_types();

}  // namespace quern

#endif  // QUERN_PROJECT_KMS_SETTINGS_H_
