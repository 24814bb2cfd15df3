// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A provider whose keys a KeyService of the application holds.
#ifndef QUERN_KMS_SERVICE_H_
#define QUERN_KMS_SERVICE_H_

#include <memory>

#include "kms/key_wrapper.h"
#include "quern/kms/key_service.h"

namespace quern::kms {

class ServiceKms : public KeyWrapper {
 public:
  ServiceKms(std::string name, std::shared_ptr<KeyService> service)
      : name_(std::move(name)), service_(std::move(service)) {}

  const std::string& name() const override { return name_; }
  WrappedKey wrap(const SecretBytes& data_key, bson::View options) override;
  SecretBytes unwrap(BytesView key_material, bson::View master_key) override;

 private:
  const std::string name_;
  const std::shared_ptr<KeyService> service_;
};

}  // namespace quern::kms

#endif  // QUERN_KMS_SERVICE_H_
