// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// MongoDB Extended JSON version 2, canonical and relaxed, both ways.
#ifndef QUERN_BSON_JSON_H_
#define QUERN_BSON_JSON_H_

#include <string>
#include <string_view>

#include "quern/base/export.h"
#include "quern/bson/document.h"

namespace quern::bson {

enum class JsonMode { kCanonical, kRelaxed };

// One line of Extended JSON.
QUERN_EXPORT std::string to_json(View document, JsonMode mode = JsonMode::kRelaxed);
// With line breaks and two blanks of indentation a level, for people.
QUERN_EXPORT std::string to_pretty_json(View document, JsonMode mode = JsonMode::kRelaxed);
// Throws Error(FailedToParse) that says where.
QUERN_EXPORT Document from_json(std::string_view json);

}  // namespace quern::bson

#endif  // QUERN_BSON_JSON_H_
