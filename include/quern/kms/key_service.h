// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A key management service in code: for tests (quern/testing/kms.h has two), and for a service that this version does
// not know. Settings take it as kms::Service.
#ifndef QUERN_KMS_KEY_SERVICE_H_
#define QUERN_KMS_KEY_SERVICE_H_

#include <cstdint>
#include <span>

#include "quern/base/bytes.h"
#include "quern/base/export.h"
#include "quern/bson/document.h"

namespace quern {

// Called from any thread.
class QUERN_EXPORT KeyService {
 public:
  virtual ~KeyService() = default;

  // Wraps a data key of 96 bytes; what it gives is stored in the key vault, where everybody may read it. master_key
  // says under which key: the options of KmsCredentials, empty without any. Throws Error for what it cannot do.
  virtual Bytes wrap(BytesView data_key, bson::View master_key) = 0;

  // Undoes wrap(): writes the 96 bytes of the data key to `data_key`, which is memory that is never swapped out;
  // keep no copy. master_key is as it was, and has the service's name as `provider` besides. Throws
  // Error(AuthenticationFailed) for bytes that another key wrapped or that were altered.
  virtual void unwrap(BytesView wrapped, bson::View master_key,
                      std::span<std::uint8_t> data_key) = 0;
};

}  // namespace quern

#endif  // QUERN_KMS_KEY_SERVICE_H_
