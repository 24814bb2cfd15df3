// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/match_parser.h"

namespace quern::query {
std::unique_ptr<const MatchNode> parse_json_schema(const bson::Element&, MatchParser&) {
  bad_value("the operator $jsonSchema is not supported by this engine");
}
}  // namespace quern::query
