// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/merge.h"

#include <unordered_map>

namespace quern::query {

void append_merged(std::span<const bson::View> documents, Writer& out) {
  std::vector<bson::Element> fields;
  std::unordered_map<std::string_view, std::size_t> places;
  for (const bson::View document : documents) {
    for (const bson::Element& element : document) {
      const auto [place, added] = places.try_emplace(element.key(), fields.size());
      if (added) {
        fields.push_back(element);
      } else {
        fields[place->second] = element;
      }
    }
  }
  for (const bson::Element& field : fields) out.append(field);
}

}  // namespace quern::query
