// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Key management services for tests. They protect nothing.
#ifndef QUERN_TESTING_KMS_H_
#define QUERN_TESTING_KMS_H_

#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "quern/base/error.h"
#include "quern/base/uuid.h"
#include "quern/kms/key_service.h"

namespace quern::testing {

// Keeps the data keys itself, and gives a random name for each as its wrapped form. Thread-safe.
class MockKms : public KeyService {
 public:
  Bytes wrap(BytesView data_key, bson::View master_key) override;
  // Throws Error(AuthenticationFailed) for what this object did not wrap.
  void unwrap(BytesView wrapped, bson::View master_key, std::span<std::uint8_t> data_key) override;

  // How often each was called, failures included.
  int wraps() const;
  int unwraps() const;
  // The master key of the latest call.
  bson::Document master_key() const;

 private:
  mutable std::mutex mutex_;
  std::map<Bytes, Bytes> data_keys_;
  int wraps_ = 0;
  int unwraps_ = 0;
  bson::Document master_key_;
};

// A service that can be out of order, as it is to begin with. Thread-safe.
class FailingKms : public KeyService {
 public:
  // service: what answers when it is in order.
  explicit FailingKms(std::shared_ptr<KeyService> service = std::make_shared<MockKms>());

  // From now on every call throws the error.
  void fail(Error error = {ErrorCode::kHostUnreachable,
                           "the key management service is out of order"});
  // From now on calls are answered.
  void recover();

  Bytes wrap(BytesView data_key, bson::View master_key) override;
  void unwrap(BytesView wrapped, bson::View master_key, std::span<std::uint8_t> data_key) override;

 private:
  void throw_if_failing() const;

  const std::shared_ptr<KeyService> service_;
  mutable std::mutex mutex_;
  std::optional<Error> error_;
};

}  // namespace quern::testing

#endif  // QUERN_TESTING_KMS_H_
