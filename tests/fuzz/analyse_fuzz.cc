// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Commands of any shape: they are analysed or refused; what comes out is valid BSON, and once it
// holds markings it cannot be analysed again.
#include <cstdint>
#include <cstdlib>

#include "analysis/analyse.h"
#include "quern/bson/json.h"

namespace {

const quern::analysis::SchemaMap& schemas() {
  static const quern::analysis::SchemaMap map = [] {
    const quern::bson::Document fields = quern::bson::from_json(R"({"fields": [
        {"keyId": {"$uuid": "00000000-0000-4000-8000-000000000001"}, "path": "ssn",
         "bsonType": "string", "queries": {"queryType": "equality"}},
        {"keyId": {"$uuid": "00000000-0000-4000-8000-000000000002"}, "path": "a.b",
         "bsonType": "int", "queries": {"queryType": "equality"}},
        {"keyId": {"$uuid": "00000000-0000-4000-8000-000000000003"}, "path": "billing",
         "bsonType": "object"}]})");
    quern::analysis::SchemaMap result;
    result.emplace("db.c", quern::schema::EncryptedFields::parse(fields, "c"));
    result.emplace("db.d", quern::schema::EncryptedFields::parse(fields, "d"));
    result.emplace("db.plain", quern::schema::EncryptedFields());
    return result;
  }();
  return map;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  quern::analysis::Analysis analysis;
  try {
    const auto command = quern::bson::View::parse({data, size});
    const quern::analysis::Subject subject("db", command);
    analysis = quern::analysis::analyse(subject, schemas());
  } catch (const quern::Error&) {
    return 0;
  }
  quern::bson::validate(analysis.result.bytes());
  if (!analysis.has_encryption_placeholders) return 0;
  try {
    (void)quern::analysis::analyse("db", analysis.result, schemas());
  } catch (const quern::Error&) {
    return 0;
  }
  std::abort();
}
