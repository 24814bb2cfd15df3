// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Documents of a path and a direction: sort orders, index keys, hints. They name encrypted fields
// without harm, as long as they hold nothing but directions.
#ifndef QUERN_ANALYSIS_KEY_PATTERN_H_
#define QUERN_ANALYSIS_KEY_PATTERN_H_

#include <string_view>

#include "quern/bson/view.h"

namespace quern::analysis {

// Throws Error unless every value is -1, 0, 1, a boolean, the type of an index, or {$meta: …}.
// where names the document in the message.
void check_key_pattern(std::string_view where, bson::View pattern);
// One of them, that can only be a direction.
void check_direction(std::string_view where, const bson::Element& part);

// Whether the value is a keyword of {$meta: …}.
bool is_metadata_keyword(bson::ValueView value);

}  // namespace quern::analysis

#endif  // QUERN_ANALYSIS_KEY_PATTERN_H_
