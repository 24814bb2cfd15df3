// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/value/set_field.h"

namespace quern::query {
namespace {

void append_from(bson::View document, const FieldPath& path, std::size_t depth,
                 bson::ValueView value, Writer& out) {
  const std::string_view name = path[depth].name;
  const bool last = depth + 1 == path.size();
  bool found = false;
  const auto write = [&](bson::ValueView old) {
    if (last) {
      if (!value.missing()) out.append(name, value);
      return;
    }
    if (value.missing() && !old.is_document()) {
      if (!old.missing()) out.append(name, old);
      return;
    }
    out.open(name, bson::Type::kDocument);
    append_from(old.is_document() ? old.as_document() : bson::View(), path, depth + 1, value, out);
    out.close();
  };
  for (const bson::Element& element : document) {
    if (element.key() == name && !found) {
      found = true;
      write(element.value());
    } else {
      out.append(element);
    }
  }
  if (!found) write({});
}

}  // namespace

void append_with_field(bson::View document, const FieldPath& path, bson::ValueView value,
                       Writer& out) {
  append_from(document, path, 0, value, out);
}

}  // namespace quern::query
