// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Conversion of values to other types: $convert and its short forms.
#ifndef QUERN_QUERY_EXPRESSION_CONVERT_H_
#define QUERN_QUERY_EXPRESSION_CONVERT_H_

#include <optional>
#include <string>

#include "query/expression/evaluation.h"

namespace quern::query {

// The text of a number, date, boolean, object id or string; nothing for other types.
std::optional<std::string> to_text(const Datum& value);

// value as that type. Throws ConversionFailure (241) where there is no such conversion or the value
// doesn't fit.
Datum convert(const Datum& value, bson::Type to, Evaluation& evaluation);

}  // namespace quern::query

#endif  // QUERN_QUERY_EXPRESSION_CONVERT_H_
