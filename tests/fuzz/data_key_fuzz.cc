// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Hostile documents in a key vault: what is accepted is written and read again as it was.
#include <cstdint>
#include <cstdlib>

#include "keyvault/data_key_document.h"
#include "quern/base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using quern::keyvault::DataKeyDocument;
  quern::bson::Document written;
  try {
    written =
        DataKeyDocument::parse(quern::bson::View::parse({data, size}), "db.__keyVault").to_bson();
  } catch (const quern::Error&) {
    return 0;
  }
  if (DataKeyDocument::parse(written.view(), "db.__keyVault").to_bson() != written) std::abort();
  return 0;
}
