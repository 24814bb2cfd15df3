// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Query analysis beside libbson's validation of the same bytes: P32, an insert with three encrypted
// fields; P33, an insert into the same collection, and a find, that touch none.
#include <bson/bson.h>

#include <cstdlib>

#include "analysis/analyse.h"
#include "benchmarks/harness.h"
#include "quern/bson/json.h"

namespace {

using quern::bench::keep;

// Rounds shorter than a time slice of the scheduler, and many of them.
constexpr int kRepeat = 100;
constexpr int kRounds = 301;

const char* const kSchema = R"({"fields": [
    {"keyId": {"$uuid": "00000000-0000-4000-8000-000000000001"}, "path": "patientRecord.ssn",
     "bsonType": "string", "queries": {"queryType": "equality"}},
    {"keyId": {"$uuid": "00000000-0000-4000-8000-000000000002"}, "path": "patientRecord.billing",
     "bsonType": "object"},
    {"keyId": {"$uuid": "00000000-0000-4000-8000-000000000003"}, "path": "insurance",
     "bsonType": "string", "queries": {"queryType": "equality"}}]})";

const char* const kEncrypted = R"({"insert": "patients", "documents": [{
    "_id": {"$oid": "0123456789abcdef01234567"}, "patientName": "Jonathan Q. Doe-Appleseed",
    "patientId": {"$numberLong": "12345678"}, "insurance": "AB-1234567-0042",
    "address": {"street": "1 Infinite Street", "city": "Springfield", "zip": "01234", "country": "US"},
    "visits": [{"$date": 1700000000000}, {"$date": 1710000000000}, {"$date": 1720000000000}],
    "patientRecord": {"ssn": "987-65-4320", "billing": {"type": "Visa", "number": "4111111111111111"},
    "billAmount": 1500.25}}], "ordered": true, "writeConcern": {"w": "majority"}})";

const char* const kPlain = R"({"insert": "patients", "documents": [{
    "_id": {"$oid": "0123456789abcdef01234567"}, "patientName": "Jonathan Q. Doe-Appleseed",
    "patientId": {"$numberLong": "12345678"}, "memberNo": "AB-1234567-0042",
    "address": {"street": "1 Infinite Street", "city": "Springfield", "zip": "01234", "country": "US"},
    "visits": [{"$date": 1700000000000}, {"$date": 1710000000000}, {"$date": 1720000000000}],
    "openRecord": {"ref": "987-65-4320", "billing": {"type": "Visa", "number": "4111111111111111"},
    "billAmount": 1500.25}}], "ordered": true, "writeConcern": {"w": "majority"}})";

void validate(const quern::bson::Document& document) {
  bson_t bson;
  for (int i = 0; i < kRepeat; ++i) {
    if (!bson_init_static(&bson, document.bytes().data(), document.size()) ||
        !bson_validate(&bson, BSON_VALIDATE_UTF8, nullptr)) {
      std::abort();
    }
    keep(bson);
  }
}

}  // namespace

int main() {
  using quern::analysis::analyse;
  const quern::bson::Document encrypted = quern::bson::from_json(kEncrypted);
  const quern::bson::Document plain = quern::bson::from_json(kPlain);
  quern::analysis::SchemaMap schemas;
  schemas.emplace("db.patients", quern::schema::EncryptedFields::parse(
                                     quern::bson::from_json(kSchema).view(), "patients"));
  quern::analysis::SchemaMap none;
  none.emplace("db.patients", quern::schema::EncryptedFields());

  const auto analysed = [](const quern::bson::Document& command,
                           const quern::analysis::SchemaMap& with) {
    return [&command, &with] {
      for (int i = 0; i < kRepeat; ++i) keep(analyse("db", command, with).result.size());
    };
  };
  std::printf("insert of %zu bytes, three encrypted fields\n", encrypted.size());
  const auto p32 = quern::bench::interleave(
      {
          {"libbson validate", [&] { validate(encrypted); }, kRepeat},
          {"analyse", analysed(encrypted, schemas), kRepeat},
      },
      kRounds);
  std::printf("insert of %zu bytes, no encrypted field\n", plain.size());
  const auto p33 = quern::bench::interleave(
      {
          {"libbson validate", [&] { validate(plain); }, kRepeat},
          {"analyse, collection has encrypted fields", analysed(plain, schemas), kRepeat},
          {"analyse, collection has none", analysed(plain, none), kRepeat},
      },
      kRounds);
  quern::bench::print_ratio("P32", p32[1] / p32[0], 10);
  quern::bench::print_ratio("P33", p33[1] / p33[0], 2);
}
