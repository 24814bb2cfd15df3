// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $jsonSchema as a filter: the whole document must satisfy the schema.
#include "quern/base/error.h"
#include "query/match/json_schema.h"
#include "query/match/match_parser.h"

namespace quern::query {
namespace {

class JsonSchemaNode : public MatchNode {
 public:
  explicit JsonSchemaNode(std::unique_ptr<const JsonSchema> schema) : schema_(std::move(schema)) {}

 private:
  bool ask(bson::View document, MatchState&) const override {
    return schema_->accepts(document.as_value());
  }

  std::unique_ptr<const JsonSchema> schema_;
};

}  // namespace

std::unique_ptr<const MatchNode> parse_json_schema(const bson::Element& op, MatchParser&) {
  if (!op.is_document()) {
    throw Error(ErrorCode::kTypeMismatch, "$jsonSchema must be an object");
  }
  return std::make_unique<JsonSchemaNode>(JsonSchema::parse(op.as_document()));
}

}  // namespace quern::query
