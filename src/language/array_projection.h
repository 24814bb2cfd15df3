// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The operators of a find's projection that pick members of an array.
#ifndef QUERN_LANGUAGE_ARRAY_PROJECTION_H_
#define QUERN_LANGUAGE_ARRAY_PROJECTION_H_

#include <optional>
#include <string_view>

#include "quern/bson/view.h"

namespace quern::language {

// The $slice or $elemMatch of {path: {$slice: …}}; nothing when the document is no such operator.
// Throws when it has another member: which of the two counts is no reader's choice.
std::optional<bson::Element> array_projection(std::string_view path, bson::View document);

}  // namespace quern::language

#endif  // QUERN_LANGUAGE_ARRAY_PROJECTION_H_
