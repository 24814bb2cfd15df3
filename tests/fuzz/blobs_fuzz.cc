// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Hostile blobs of binary subtype 6: the parsers of every payload and stored value, and decryption
// with keys that are there. A payload that is accepted survives being written and read again.
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "crypto/decrypt.h"
#include "protocol/find_equality_payload.h"
#include "protocol/indexed_value.h"
#include "protocol/insert_update_payload.h"
#include "protocol/sealed_value.h"
#include "quern/base/error.h"

namespace {

using namespace quern;
using namespace quern::crypto;
using namespace quern::protocol;

template <class Parse>
void expect_typed_errors(const Parse& parse) {
  try {
    parse();
  } catch (const Error&) {
  }
}

std::shared_ptr<const DataKey> any_key(const Uuid&) {
  static const auto key = std::make_shared<const DataKey>(SecretBytes(kKeySize));
  return key;
}

template <class Payload>
void round_trip(BytesView blob) {
  const Payload payload = Payload::parse(blob);
  const Bytes written = payload.serialize();
  if (Payload::parse(written).serialize() != written) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const BytesView blob(data, size);
  expect_typed_errors([&] { round_trip<InsertUpdatePayloadV2>(blob); });
  expect_typed_errors([&] { round_trip<FindEqualityPayloadV2>(blob); });
  expect_typed_errors([&] { (void)InsertUpdateCiphertext::parse(blob); });
  expect_typed_errors([&] {
    const auto value = IndexedValue::parse(blob);
    (void)value.block(value.block_count() - 1)
        .belongs_to(ServerMetadataTokens(ServerDerivedFromDataToken()));
  });
  expect_typed_errors([&] { (void)SealedValue::parse(blob).ciphertext(); });
  expect_typed_errors([&] { (void)decrypt_value(blob, any_key); });
  return 0;
}
