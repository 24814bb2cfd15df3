// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Keys, ids and randomness that the tests of this layer share.
#ifndef QUERN_CRYPTO_TESTING_FIXTURES_H_
#define QUERN_CRYPTO_TESTING_FIXTURES_H_

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>

#include "base/random.h"
#include "crypto/data_key.h"
#include "crypto/decrypt.h"
#include "protocol/indexed_value.h"

namespace quern::crypto::testing {

// count bytes first, first+1, ...
inline Bytes counting_bytes(std::uint8_t first, std::size_t count) {
  Bytes bytes(count);
  std::iota(bytes.begin(), bytes.end(), first);
  return bytes;
}

// The golden vectors' keys: 96 bytes 00..5f (index) and 60..bf (user), user key id 20..2f.
inline Bytes index_key_bytes() { return counting_bytes(0x00, 96); }
inline Bytes user_key_bytes() { return counting_bytes(0x60, 96); }
inline Uuid user_key_id() { return Uuid::from_bytes(counting_bytes(0x20, 16)); }
inline Uuid index_key_id() { return Uuid::from_bytes(counting_bytes(0x10, 16)); }

inline std::shared_ptr<const DataKey> data_key(BytesView bytes) {
  return std::make_shared<const DataKey>(SecretBytes::copy_of(bytes));
}
inline std::shared_ptr<const DataKey> index_key() { return data_key(index_key_bytes()); }
inline std::shared_ptr<const DataKey> user_key() { return data_key(user_key_bytes()); }

// Knows the two keys above.
inline KeySource both_keys() {
  return [index = index_key(), user = user_key()](const Uuid& id) {
    if (id == index_key_id()) return index;
    if (id == user_key_id()) return user;
    return std::shared_ptr<const DataKey>();
  };
}

// Gives out a fixed sequence of bytes and counts the requests.
class PinnedRandom final : public RandomSource {
 public:
  explicit PinnedRandom(Bytes bytes) : bytes_(std::move(bytes)) {}
  void fill(std::span<std::uint8_t> out) override {
    ++requests_;
    for (std::uint8_t& byte : out) byte = bytes_.at(next_++);
  }
  std::size_t requests() const { return requests_; }
  std::size_t left() const { return bytes_.size() - next_; }

 private:
  Bytes bytes_;
  std::size_t next_ = 0;
  std::size_t requests_ = 0;
};

// The stored value of an equality payload under its counter.
inline Bytes stored_value(const protocol::InsertUpdatePayloadV2& payload, std::uint64_t count = 1,
                          const protocol::Tag& tag = {},
                          RandomSource& random = RandomSource::system()) {
  const protocol::IndexedValue::Use use{&payload.tokens, count, tag};
  return protocol::IndexedValue::build(bson::BlobSubtype::kIndexedEqualityValueV2, payload,
                                       {&use, 1}, random);
}

inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace quern::crypto::testing

#endif  // QUERN_CRYPTO_TESTING_FIXTURES_H_
