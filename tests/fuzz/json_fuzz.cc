// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Hostile Extended JSON: what is read is valid BSON.
#include <cstdint>
#include <cstdlib>

#include "quern/base/error.h"
#include "quern/bson/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  quern::bson::Document document;
  try {
    document = quern::bson::from_json({reinterpret_cast<const char*>(data), size});
  } catch (const quern::Error&) {
    return 0;
  }
  try {
    quern::bson::validate(document.bytes());
  } catch (const quern::Error&) {
    std::abort();  // from_json made something that is no BSON
  }
  return 0;
}
