// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Input of the targets of the query layer: one document, as Extended JSON if it begins with a brace
// (so that seeds can be read), otherwise as BSON.
#ifndef QUERN_TESTS_FUZZ_QUERY_INPUT_H_
#define QUERN_TESTS_FUZZ_QUERY_INPUT_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <vector>

#include "quern/base/error.h"
#include "quern/bson/json.h"

namespace quern::fuzz {

inline std::optional<bson::Document> read_input(const std::uint8_t* data, std::size_t size) {
  try {
    if (size > 0 && data[0] == '{') {
      return bson::from_json({reinterpret_cast<const char*>(data), size});
    }
    return bson::Document(bson::View::parse({data, size}));
  } catch (const Error&) {
    return std::nullopt;
  }
}

inline bson::View document_or_empty(const bson::Element& element) {
  return element.is_document() ? element.as_document() : bson::View();
}
inline bson::View array_or_empty(const bson::Element& element) {
  return element.is_array() ? element.as_array() : bson::View();
}

inline std::vector<bson::Document> documents_of(const bson::Element& element) {
  std::vector<bson::Document> documents;
  for (const bson::Element& member : array_or_empty(element)) {
    if (member.is_document()) documents.emplace_back(member.as_document());
  }
  return documents;
}

inline void require(bool good, const char* rule) {
  if (good) return;
  std::fprintf(stderr, "broken rule: %s\n", rule);
  std::abort();
}

}  // namespace quern::fuzz

#endif  // QUERN_TESTS_FUZZ_QUERY_INPUT_H_
