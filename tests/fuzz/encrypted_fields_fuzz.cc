// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Hostile encryptedFields: what is accepted is accepted again in the form that the catalog keeps.
#include <cstdint>

#include "quern/base/error.h"
#include "schema/encrypted_fields.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using quern::schema::EncryptedFields;
  EncryptedFields fields;
  try {
    fields = EncryptedFields::parse(quern::bson::View::parse({data, size}), "patients");
  } catch (const quern::Error&) {
    return 0;
  }
  // Throws, and so ends the fuzzer, if the stored form were not acceptable.
  (void)EncryptedFields::parse(fields.to_bson().view(), "patients");
  return 0;
}
