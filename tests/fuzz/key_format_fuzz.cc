// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Order-preserving keys of hostile BSON: for every two members of a document, comparing the keys
// gives what comparing the values gives, ascending and descending.
#include <compare>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "quern/base/error.h"
#include "quern/bson/compare.h"
#include "storage/key_format.h"

namespace {

using namespace quern;

std::string key_of(bson::ValueView value, bool descending) {
  std::string key;
  storage::append_key(key, value, descending);
  return key;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<bson::ValueView> values;
  try {
    for (const bson::Element& element : bson::View::parse({data, size})) {
      values.push_back(element.value());
      if (values.size() == 8) break;
    }
    for (const bson::ValueView a : values) {
      for (const bson::ValueView b : values) {
        const std::weak_ordering expected = bson::compare(a, b);
        const std::weak_ordering up = key_of(a, false).compare(key_of(b, false)) <=> 0;
        const std::weak_ordering down = key_of(b, true).compare(key_of(a, true)) <=> 0;
        if (up != expected || down != expected) std::abort();
      }
    }
  } catch (const Error&) {
  }
  return 0;
}
