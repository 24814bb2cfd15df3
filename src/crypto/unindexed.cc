// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Unindexed: sealed under the field's key, stored as it is, never searched for.
#include "crypto/encrypt.h"
#include "crypto/sealing.h"
#include "quern/base/error.h"

namespace quern::crypto {
namespace {

class Unindexed final : public QueryAlgorithm {
 public:
  Bytes insert(const EncryptRequest& request, RandomSource& random) const override {
    return unindexed_value(request.user_key, request.user_key_id, request.value, random);
  }
  Bytes find(const EncryptRequest&) const override {
    throw Error(ErrorCode::kBadValue, "a marking asks to find by a field that cannot be queried");
  }
};

}  // namespace

const QueryAlgorithm& unindexed() {
  static const Unindexed implementation;
  return implementation;
}

Bytes unindexed_value(const DataKey& user_key, const Uuid& user_key_id, bson::ValueView value,
                      RandomSource& random) {
  constexpr auto kSubtype = bson::BlobSubtype::kUnindexedValueV2;
  check_encryptable(value, kSubtype, "");
  return seal(kSubtype, user_key_id, user_key.aead(), draw_iv(random), value);
}

}  // namespace quern::crypto
