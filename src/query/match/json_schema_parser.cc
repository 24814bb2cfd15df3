// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "bson/strict_reader.h"
#include "quern/base/error.h"
#include "query/match/json_schema.h"
#include "query/value/parse_context.h"

namespace quern::query {

class JsonSchemaParser {
 public:
  JsonSchemaParser(JsonSchema& schema, int depth) : schema_(schema), depth_(depth) {}

  void parse(bson::View spec);

 private:
  using Ptr = std::unique_ptr<const JsonSchema>;
  struct Keyword {
    std::string_view name;
    void (JsonSchemaParser::*parse)(const bson::Element&);
  };
  static const Keyword kKeywords[];

  [[noreturn]] static void wrong(const bson::Element& keyword, const char* expected) {
    throw Error(ErrorCode::kTypeMismatch,
                "$jsonSchema keyword '" + std::string(keyword.key()) + "' must be " + expected);
  }
  [[noreturn]] static void missing_companion(const char* needed, const char* by) {
    throw Error(ErrorCode::kFailedToParse, std::string("$jsonSchema keyword '") + needed +
                                               "' must be a present if " + by + " is present");
  }
  Ptr sub_schema(const bson::Element& keyword) {
    if (!keyword.is_document()) wrong(keyword, "an object");
    return JsonSchema::parse(keyword.as_document(), depth_ + 1);
  }
  std::vector<Ptr> sub_schemas(const bson::Element& keyword) {
    if (!keyword.is_array()) wrong(keyword, "an array of objects");
    std::vector<Ptr> schemas;
    for (const bson::Element& member : keyword.as_array()) {
      if (!member.is_document()) wrong(keyword, "an array of objects");
      schemas.push_back(JsonSchema::parse(member.as_document(), depth_ + 1));
    }
    if (schemas.empty()) {
      throw Error(ErrorCode::kBadValue, "$jsonSchema keyword '" + std::string(keyword.key()) +
                                            "' cannot be an empty array");
    }
    return schemas;
  }
  static std::int64_t count(const bson::Element& keyword) {
    const auto number = keyword.whole_number();
    if (!number || *number < 0) wrong(keyword, "a whole number that is not negative");
    return *number;
  }
  static bson::ValueView number(const bson::Element& keyword) {
    if (!keyword.is_number()) wrong(keyword, "a number");
    return keyword.value();
  }
  static bool boolean(const bson::Element& keyword) {
    if (keyword.type() != bson::Type::kBool) wrong(keyword, "a boolean");
    return keyword.as_bool();
  }
  static std::vector<std::string> strings(const bson::Element& keyword) {
    if (!keyword.is_array()) wrong(keyword, "an array of strings");
    std::vector<std::string> result;
    for (const bson::Element& member : keyword.as_array()) {
      if (!member.is_string()) wrong(keyword, "an array of strings");
      result.emplace_back(member.as_string());
    }
    if (result.empty()) {
      throw Error(ErrorCode::kFailedToParse, "$jsonSchema keyword '" + std::string(keyword.key()) +
                                                 "' cannot be an empty array");
    }
    return result;
  }

  void ignored(const bson::Element& keyword) {  // title and description
    if (!keyword.is_string()) wrong(keyword, "a string");
  }
  void refused(const bson::Element& keyword) {
    throw Error(ErrorCode::kFailedToParse, "$jsonSchema keyword '" + std::string(keyword.key()) +
                                               "' is not currently supported");
  }
  void bson_type(const bson::Element& keyword) { set_types(keyword, /*json=*/false); }
  void type(const bson::Element& keyword) { set_types(keyword, /*json=*/true); }
  void set_types(const bson::Element& keyword, bool json) {
    if (schema_.types_) {
      throw Error(ErrorCode::kFailedToParse,
                  "Cannot specify both $jsonSchema keywords 'type' and 'bsonType'");
    }
    TypeSet types;
    const auto add = [&](bson::ValueView name) {
      if (!name.is_string()) wrong(keyword, "a string or an array of strings");
      const std::string_view alias = name.as_string();
      if (!json) return types.add_alias(alias);
      if (alias == "boolean") return types.add(bson::Type::kBool);
      if (alias != "object" && alias != "array" && alias != "number" && alias != "string" &&
          alias != "null") {
        throw Error(ErrorCode::kBadValue, "$jsonSchema type '" + std::string(alias) +
                                              "' is not currently supported: use bsonType");
      }
      types.add_alias(alias);
    };
    if (keyword.is_array()) {
      for (const bson::Element& member : keyword.as_array()) add(member.value());
    } else {
      add(keyword.value());
    }
    schema_.types_ = types;
  }
  void enumeration(const bson::Element& keyword) {
    if (!keyword.is_array() || keyword.as_array().empty())
      wrong(keyword, "an array that is not empty");
    for (const bson::Element& member : keyword.as_array()) schema_.enum_.push_back(member.value());
    schema_.has_enum_ = true;
  }
  void all_of(const bson::Element& keyword) { schema_.all_of_ = sub_schemas(keyword); }
  void any_of(const bson::Element& keyword) { schema_.any_of_ = sub_schemas(keyword); }
  void one_of(const bson::Element& keyword) { schema_.one_of_ = sub_schemas(keyword); }
  void negation(const bson::Element& keyword) { schema_.not_ = sub_schema(keyword); }
  void minimum(const bson::Element& keyword) { schema_.minimum_ = number(keyword); }
  void maximum(const bson::Element& keyword) { schema_.maximum_ = number(keyword); }
  void exclusive_minimum(const bson::Element& keyword) {
    schema_.exclusive_minimum_ = boolean(keyword);
  }
  void exclusive_maximum(const bson::Element& keyword) {
    schema_.exclusive_maximum_ = boolean(keyword);
  }
  void multiple_of(const bson::Element& keyword) {
    if (number(keyword).number() <= 0) wrong(keyword, "a positive number");
    schema_.multiple_of_ = number(keyword);
  }
  void min_length(const bson::Element& keyword) { schema_.min_length_ = count(keyword); }
  void max_length(const bson::Element& keyword) { schema_.max_length_ = count(keyword); }
  void pattern(const bson::Element& keyword) {
    if (!keyword.is_string()) wrong(keyword, "a string");
    schema_.pattern_.emplace(keyword.as_string(), "");
  }
  void min_items(const bson::Element& keyword) { schema_.min_items_ = count(keyword); }
  void max_items(const bson::Element& keyword) { schema_.max_items_ = count(keyword); }
  void unique_items(const bson::Element& keyword) { schema_.unique_items_ = boolean(keyword); }
  void items(const bson::Element& keyword) {
    if (keyword.is_document()) {
      schema_.items_ = sub_schema(keyword);
    } else {
      schema_.tuple_ = sub_schemas(keyword);
    }
  }
  void additional_items(const bson::Element& keyword) {
    if (keyword.type() == bson::Type::kBool) {
      schema_.no_additional_items_ = !keyword.as_bool();
    } else {
      schema_.additional_items_ = sub_schema(keyword);
    }
  }
  void min_properties(const bson::Element& keyword) { schema_.min_properties_ = count(keyword); }
  void max_properties(const bson::Element& keyword) { schema_.max_properties_ = count(keyword); }
  void required(const bson::Element& keyword) { schema_.required_ = strings(keyword); }
  void properties(const bson::Element& keyword) {
    if (!keyword.is_document()) wrong(keyword, "an object");
    bson::require_distinct(keyword.as_document(), keyword.key());
    for (const bson::Element& property : keyword.as_document()) {
      schema_.properties_.emplace_back(std::string(property.key()), sub_schema(property));
    }
  }
  void pattern_properties(const bson::Element& keyword) {
    if (!keyword.is_document()) wrong(keyword, "an object");
    for (const bson::Element& property : keyword.as_document()) {
      schema_.pattern_properties_.emplace_back(CompiledRegex(property.key(), ""),
                                               sub_schema(property));
    }
  }
  void additional_properties(const bson::Element& keyword) {
    if (keyword.type() == bson::Type::kBool) {
      schema_.no_additional_properties_ = !keyword.as_bool();
    } else {
      schema_.additional_properties_ = sub_schema(keyword);
    }
  }
  void dependencies(const bson::Element& keyword) {
    if (!keyword.is_document()) wrong(keyword, "an object");
    bson::require_distinct(keyword.as_document(), keyword.key());
    for (const bson::Element& dependency : keyword.as_document()) {
      std::string name(dependency.key());
      if (dependency.is_array()) {
        schema_.required_with_.emplace_back(std::move(name), strings(dependency));
      } else {
        schema_.schema_with_.emplace_back(std::move(name), sub_schema(dependency));
      }
    }
  }

  JsonSchema& schema_;
  int depth_;
};

const JsonSchemaParser::Keyword JsonSchemaParser::kKeywords[] = {
    {"additionalItems", &JsonSchemaParser::additional_items},
    {"additionalProperties", &JsonSchemaParser::additional_properties},
    {"allOf", &JsonSchemaParser::all_of},
    {"anyOf", &JsonSchemaParser::any_of},
    {"bsonType", &JsonSchemaParser::bson_type},
    {"dependencies", &JsonSchemaParser::dependencies},
    {"description", &JsonSchemaParser::ignored},
    {"enum", &JsonSchemaParser::enumeration},
    {"exclusiveMaximum", &JsonSchemaParser::exclusive_maximum},
    {"exclusiveMinimum", &JsonSchemaParser::exclusive_minimum},
    {"items", &JsonSchemaParser::items},
    {"maxItems", &JsonSchemaParser::max_items},
    {"maxLength", &JsonSchemaParser::max_length},
    {"maxProperties", &JsonSchemaParser::max_properties},
    {"maximum", &JsonSchemaParser::maximum},
    {"minItems", &JsonSchemaParser::min_items},
    {"minLength", &JsonSchemaParser::min_length},
    {"minProperties", &JsonSchemaParser::min_properties},
    {"minimum", &JsonSchemaParser::minimum},
    {"multipleOf", &JsonSchemaParser::multiple_of},
    {"not", &JsonSchemaParser::negation},
    {"oneOf", &JsonSchemaParser::one_of},
    {"pattern", &JsonSchemaParser::pattern},
    {"patternProperties", &JsonSchemaParser::pattern_properties},
    {"properties", &JsonSchemaParser::properties},
    {"required", &JsonSchemaParser::required},
    {"title", &JsonSchemaParser::ignored},
    {"type", &JsonSchemaParser::type},
    {"uniqueItems", &JsonSchemaParser::unique_items},
    {"$ref", &JsonSchemaParser::refused},
    {"$schema", &JsonSchemaParser::refused},
    {"default", &JsonSchemaParser::refused},
    {"definitions", &JsonSchemaParser::refused},
    {"encrypt", &JsonSchemaParser::refused},
    {"encryptMetadata", &JsonSchemaParser::refused},
    {"format", &JsonSchemaParser::refused},
    {"id", &JsonSchemaParser::refused},
};

void JsonSchemaParser::parse(bson::View spec) {
  bson::require_distinct(spec, "$jsonSchema");
  for (const bson::Element& keyword : spec) {
    const Keyword* found = nullptr;
    for (const Keyword& candidate : kKeywords) {
      if (candidate.name == keyword.key()) found = &candidate;
    }
    if (found == nullptr) {
      throw Error(ErrorCode::kFailedToParse,
                  "Unknown $jsonSchema keyword: " + std::string(keyword.key()));
    }
    (this->*found->parse)(keyword);
  }
  if (schema_.exclusive_minimum_ && schema_.minimum_.missing()) {
    missing_companion("minimum", "exclusiveMinimum");
  }
  if (schema_.exclusive_maximum_ && schema_.maximum_.missing()) {
    missing_companion("maximum", "exclusiveMaximum");
  }
}

std::unique_ptr<const JsonSchema> JsonSchema::parse(bson::View spec, int depth) {
  if (depth > kMaxNesting) {
    throw Error(ErrorCode::kOverflow, "the $jsonSchema is nested more than " +
                                          std::to_string(kMaxNesting) + " levels deep");
  }
  auto schema = std::make_unique<JsonSchema>();
  JsonSchemaParser(*schema, depth).parse(spec);
  return schema;
}

}  // namespace quern::query
