// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/testing.h"

#include <fmt/format.h>

#include "quern/bson/blob_subtype.h"
#include "schema/placeholder.h"

namespace quern::analysis::testing {
namespace {

using bson::Element;
using bson::View;

schema::EncryptedFields fields(std::string_view collection, int first_key) {
  std::string json = R"({"fields": [)";
  int key = first_key;
  for (
      const char* field : {
          R"("path": "ssn", "bsonType": "string", "queries": {"queryType": "equality"})",
          R"("path": "a.b", "bsonType": "string", "queries": {"queryType": "equality", "contention": {"$numberLong": "4"}})",
          R"("path": "n", "bsonType": "long", "queries": {"queryType": "equality"})",
          R"("path": "a.d.e", "bsonType": "binData", "queries": {"queryType": "equality"})",
          R"("path": "billing", "bsonType": "object")",
          R"("path": "note", "bsonType": "string")",
          R"("path": "age", "bsonType": "int", "queries": {"queryType": "range"})",
          R"("path": "title", "bsonType": "string", "queries": {"queryType": "prefixPreview", "strMinQueryLength": 2, "strMaxQueryLength": 6, "caseSensitive": true, "diacriticSensitive": true})",
      }) {
    json += fmt::format(R"({}{{"keyId": {{"$uuid": "00000000-0000-4000-8000-{:012}"}}, {}}})",
                        key == first_key ? "" : ", ", key, field);
    ++key;
  }
  return schema::EncryptedFields::parse(bson::from_json(json + "]}").view(), collection);
}

std::string shown(bson::ValueView value) {
  if (value.is_string()) return std::string(value.as_string());
  return bson::to_json(bson::doc("", value).view());
}

std::string shown(BytesView blob) {
  const auto marking = schema::EncryptionPlaceholder::parse(blob);
  std::string path = "?";
  for (const auto& [ns, schema] : schemas()) {
    for (const schema::EncryptedField& field : schema.fields().fields()) {
      if (field.key_id == marking.user_key_id) path = field.path;
    }
  }
  EXPECT_EQ(marking.index_key_id, marking.user_key_id);
  return fmt::format(
      "{} {} {} {}", marking.kind == schema::EncryptionPlaceholder::kInsert ? "insert" : "find",
      marking.algorithm == schema::EncryptionPlaceholder::kUnindexed ? "unindexed" : "equality",
      path, shown(marking.value.view()));
}

void copy_readable(View from, bson::Builder& to) {
  for (const Element& element : from) {
    if (element.is_document()) {
      to.open_document(element.key());
      copy_readable(element.as_document(), to);
      to.close();
    } else if (element.is_array()) {
      to.open_array(element.key());
      copy_readable(element.as_array(), to);
      to.close();
    } else if (bson::blob_subtype(element) == bson::BlobSubtype::kPlaceholder) {
      to.append(element.key(), shown(element.as_binary().bytes));
    } else {
      to.append(element);
    }
  }
}

std::string in_pipeline(std::string_view stages) {
  return fmt::format(R"({{"aggregate": "c", "pipeline": {}, "cursor": {{}}}})", stages);
}
std::string in_filter(std::string_view filter) {
  return fmt::format(R"({{"find": "c", "filter": {}}})", filter);
}
std::string in_update(std::string_view update) {
  return fmt::format(R"({{"update": "c", "updates": [{{"q": {{}}, "u": {}}}]}})", update);
}

}  // namespace

const SchemaMap& schemas() {
  static const SchemaMap map = [] {
    SchemaMap result;
    result.emplace("db.c", fields("c", 1));
    result.emplace("db.other", fields("other", 101));
    result.emplace("db.plain", schema::EncryptedFields());
    result.emplace("db.plain2", schema::EncryptedFields());
    return result;
  }();
  return map;
}

bson::Document readable(View result) {
  bson::Builder builder;
  copy_readable(result, builder);
  return builder.finish();
}

bson::Document analysed(std::string_view command) {
  const bson::Document parsed = bson::from_json(command);
  const Analysis analysis = analyse(kDatabase, parsed, schemas());
  bson::validate(analysis.result.bytes());
  bson::Document result = readable(analysis.result);
  EXPECT_EQ(analysis.has_encryption_placeholders, !(result == analysis.result));
  return result;
}

std::string refusal_of(std::string_view command) {
  try {
    analysed(command);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

void expect_analysed(std::string_view command, std::string_view expected) {
  EXPECT_EQ(bson::to_json(analysed(command)), bson::to_json(bson::from_json(expected)));
}
void expect_unchanged(std::string_view command) { expect_analysed(command, command); }
void expect_refused(std::string_view command, std::string_view text) {
  const std::string refusal = refusal_of(command);
  EXPECT_NE(refusal.find(text), std::string::npos)
      << command << "\nis refused with: " << refusal << "\nnot with: " << text;
  EXPECT_FALSE(refusal.empty()) << command;
}

void expect_pipeline(std::string_view stages, std::string_view expected) {
  expect_analysed(in_pipeline(stages), in_pipeline(expected));
}
void expect_pipeline_unchanged(std::string_view stages) { expect_pipeline(stages, stages); }
void expect_pipeline_refused(std::string_view stages, std::string_view text) {
  expect_refused(in_pipeline(stages), text);
}
void expect_filter(std::string_view filter, std::string_view expected) {
  expect_analysed(in_filter(filter), in_filter(expected));
}
void expect_filter_unchanged(std::string_view filter) { expect_filter(filter, filter); }
void expect_filter_refused(std::string_view filter, std::string_view text) {
  expect_refused(in_filter(filter), text);
}
void expect_update(std::string_view update, std::string_view expected) {
  expect_analysed(in_update(update), in_update(expected));
}
void expect_update_unchanged(std::string_view update) { expect_update(update, update); }
void expect_update_refused(std::string_view update, std::string_view text) {
  expect_refused(in_update(update), text);
}

}  // namespace quern::analysis::testing
