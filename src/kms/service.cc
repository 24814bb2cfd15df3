// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "kms/service.h"

#include <fmt/format.h>

#include "quern/base/error.h"

namespace quern::kms {

WrappedKey ServiceKms::wrap(const SecretBytes& data_key, bson::View options) {
  bson::Builder master_key;
  master_key.append("provider", name_).append_all(options);
  Bytes wrapped = service_->wrap(data_key.bytes(), options);
  if (wrapped.empty()) {
    throw Error(
        ErrorCode::kBadValue,
        fmt::format("KMS provider '{}': its KeyService wrapped a data key as nothing", name_));
  }
  return {std::move(wrapped), master_key.finish()};
}

SecretBytes ServiceKms::unwrap(BytesView key_material, bson::View master_key) {
  SecretBytes data_key(kDataKeySize);
  service_->unwrap(key_material, master_key, data_key.mutable_bytes());
  return data_key;
}

}  // namespace quern::kms
