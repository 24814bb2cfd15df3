// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/value/merge.h"

namespace quern::query {

void MergedFields::set(std::string_view name, bson::ValueView value) {
  const auto [place, added] = places_.try_emplace(name, fields_.size());
  if (added) {
    fields_.emplace_back(name, value);
  } else {
    fields_[place->second] = {name, value};
  }
}

void MergedFields::set_all(bson::View document) {
  for (const bson::Element& element : document) set(element.key(), element.value());
}

void MergedFields::write(Writer& out) const {
  for (const bson::Element& field : fields_) out.append(field.key(), field.value());
}

}  // namespace quern::query
