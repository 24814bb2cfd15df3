// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Hostile BSON: what validate() accepts can be walked, printed and compared without a fault.
#include <cstdint>

#include "quern/base/error.h"
#include "quern/bson/compare.h"
#include "quern/bson/json.h"

namespace {

void walk(quern::bson::View document) {
  for (const quern::bson::Element& element : document) {
    (void)element.key().size();
    (void)quern::bson::compare(element.value(), element.value());
    (void)element.truthy();
    if (element.is_document() || element.is_array()) walk(element.as_document_or_array());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto document = quern::bson::View::parse({data, size});
    walk(document);
    (void)quern::bson::to_json(document);
    (void)quern::bson::hash(document.as_value());
  } catch (const quern::Error&) {
  }
  return 0;
}
