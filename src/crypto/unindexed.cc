// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Unindexed: sealed under the field's key, stored as it is, never searched for.
#include "crypto/opening.h"
#include "crypto/query_algorithm.h"
#include "crypto/sealing.h"
#include "quern/base/error.h"

namespace quern::crypto {
namespace {

class Unindexed final : public QueryAlgorithm {
 public:
  Bytes insert(const EncryptRequest& request, RandomSource& random) const override {
    constexpr auto kSubtype = bson::BlobSubtype::kUnindexedValueV2;
    check_encryptable(request.value, kSubtype, "");
    return seal(kSubtype, request.user_key_id, request.user_key.aead(), draw_iv(random),
                request.value);
  }
  Bytes find(const EncryptRequest&) const override {
    throw Error(ErrorCode::kBadValue, "a marking asks to find by a field that cannot be queried");
  }
  bson::Value decrypt(BytesView stored, const KeySource& keys) const override {
    return open_sealed(stored, keys);
  }
};

}  // namespace

const QueryAlgorithm& unindexed() {
  static const Unindexed implementation;
  return implementation;
}

}  // namespace quern::crypto
