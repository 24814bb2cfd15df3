// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/testing/kms.h"

#include <algorithm>

namespace quern::testing {

Bytes MockKms::wrap(BytesView data_key, bson::View master_key) {
  const Uuid name = Uuid::random();
  Bytes wrapped(name.bytes().begin(), name.bytes().end());
  const std::lock_guard lock(mutex_);
  ++wraps_;
  master_key_ = bson::Document(master_key);
  data_keys_.emplace(wrapped, Bytes(data_key.begin(), data_key.end()));
  return wrapped;
}

void MockKms::unwrap(BytesView wrapped, bson::View master_key, std::span<std::uint8_t> data_key) {
  const std::lock_guard lock(mutex_);
  ++unwraps_;
  master_key_ = bson::Document(master_key);
  const auto found = data_keys_.find(Bytes(wrapped.begin(), wrapped.end()));
  if (found == data_keys_.end() || found->second.size() != data_key.size()) {
    throw Error(
        ErrorCode::kAuthenticationFailed,
        "this MockKms did not wrap the data key: the vault outlived the object, use one for both");
  }
  std::ranges::copy(found->second, data_key.begin());
}

int MockKms::wraps() const {
  const std::lock_guard lock(mutex_);
  return wraps_;
}

int MockKms::unwraps() const {
  const std::lock_guard lock(mutex_);
  return unwraps_;
}

bson::Document MockKms::master_key() const {
  const std::lock_guard lock(mutex_);
  return master_key_;
}

FailingKms::FailingKms(std::shared_ptr<KeyService> service) : service_(std::move(service)) {
  fail();
}

void FailingKms::fail(Error error) {
  const std::lock_guard lock(mutex_);
  error_ = std::move(error);
}

void FailingKms::recover() {
  const std::lock_guard lock(mutex_);
  error_.reset();
}

void FailingKms::throw_if_failing() const {
  const std::lock_guard lock(mutex_);
  if (error_) throw Error(*error_);
}

Bytes FailingKms::wrap(BytesView data_key, bson::View master_key) {
  throw_if_failing();
  return service_->wrap(data_key, master_key);
}

void FailingKms::unwrap(BytesView wrapped, bson::View master_key,
                        std::span<std::uint8_t> data_key) {
  throw_if_failing();
  service_->unwrap(wrapped, master_key, data_key);
}

}  // namespace quern::testing
