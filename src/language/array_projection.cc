// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "language/array_projection.h"

#include "bson/strict_reader.h"

namespace quern::language {

std::optional<bson::Element> array_projection(std::string_view path, bson::View document) {
  const bson::Element op = document.front();
  if (op.missing() || (op.key() != "$slice" && op.key() != "$elemMatch")) return std::nullopt;
  const bson::StrictReader only_member(document, path, {op.key()});
  return op;
}

}  // namespace quern::language
