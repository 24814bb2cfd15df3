// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "schema/encrypted_fields.h"

#include <gtest/gtest.h>

#include "quern/base/error.h"
#include "quern/bson/json.h"
#include "schema/encrypted_fields_map.h"

namespace quern::schema {
namespace {

// A keyId that ends in that digit.
std::string key_id(int digit) {
  const std::string base64[] = {
      "AAAAAAAAAAAAAAAAAAAAAA==", "AAAAAAAAAAAAAAAAAAAAAQ==", "AAAAAAAAAAAAAAAAAAAAAg=="};
  return R"("keyId": {"$binary": {"base64": ")" + base64[digit] + R"(", "subType": "04"}})";
}

std::string field(const std::string& rest) {
  return R"({"fields": [{)" + key_id(1) + (rest.empty() ? "" : ", ") + rest + "}]}";
}

EncryptedFields parse(const std::string& json) {
  const bson::Document document = bson::from_json(json);
  return EncryptedFields::parse(document.view(), "patients");
}

std::int32_t code_of(const std::string& json) {
  try {
    parse(json);
    return 0;
  } catch (const Error& error) {
    return error.code();
  }
}

std::int32_t code_of_query(const std::string& bson_type, const std::string& query) {
  return code_of(field(R"("path": "a", "bsonType": ")" + bson_type + R"(", "queries": )" + query));
}

TEST(EncryptedFields, ReadsFieldsWithAndWithoutQueries) {
  const EncryptedFields fields = parse(R"({"fields": [
      {)" + key_id(0) + R"(, "path": "record.ssn", "bsonType": "string",
       "queries": {"queryType": "equality", "contention": {"$numberLong": "4"}}},
      {)" + key_id(1) + R"(, "path": "record.billing", "bsonType": "object"}]})");
  ASSERT_EQ(fields.fields().size(), 2u);
  const EncryptedField* ssn = fields.find("record.ssn");
  ASSERT_NE(ssn, nullptr);
  EXPECT_EQ(ssn->bson_type, bson::Type::kString);
  ASSERT_NE(ssn->query(QueryType::kEquality), nullptr);
  EXPECT_EQ(ssn->query(QueryType::kEquality)->contention, 4);
  EXPECT_EQ(ssn->unsupported_query(), nullptr);
  EXPECT_FALSE(fields.find("record.billing")->is_indexed());
  EXPECT_EQ(fields.find("record"), nullptr);
}

TEST(EncryptedFields, ContentionIsEightUnlessGiven) {
  const EncryptedFields fields =
      parse(field(R"("path": "a", "bsonType": "int", "queries": [{"queryType": "equality"}])"));
  EXPECT_EQ(fields.fields()[0].queries[0].contention, 8);
}

TEST(EncryptedFields, KnowsWhatIsAboveAndBelowAnEncryptedField) {
  const EncryptedFields fields = parse(field(R"("path": "a.b")"));
  EXPECT_TRUE(fields.is_prefix_of_encrypted("a"));
  EXPECT_FALSE(fields.is_prefix_of_encrypted("a.b"));
  EXPECT_FALSE(fields.is_prefix_of_encrypted("a."));
  ASSERT_NE(fields.encrypted_prefix_of("a.b.c.d"), nullptr);
  EXPECT_EQ(fields.encrypted_prefix_of("a.b.c.d")->path, "a.b");
  EXPECT_EQ(fields.encrypted_prefix_of("a.b"), nullptr);
  EXPECT_EQ(fields.encrypted_prefix_of("a.bc"), nullptr);
}

TEST(EncryptedFields, TheCatalogsDocumentKeepsEveryMemberAndAddsTheStateCollections) {
  const bson::Document given = bson::from_json(field(R"("path": "a", "bsonType": "int",
               "queries": [{"queryType": "equality", "contention": {"$numberLong": "0"}}])"));
  const EncryptedFields fields = EncryptedFields::parse(given.view(), "patients");
  bson::Builder expected;
  expected.append_all(given.view())
      .append("escCollection", "enxcol_.patients.esc")
      .append("ecocCollection", "enxcol_.patients.ecoc");
  EXPECT_EQ(fields.to_bson(), expected.finish());
  EXPECT_EQ(EncryptedFields::parse(fields.to_bson().view(), "patients").to_bson(),
            fields.to_bson());
}

TEST(EncryptedFields, TextQueriesSetTheEncodingVersion) {
  const EncryptedFields fields = parse(field(R"("path": "a", "bsonType": "string",
      "queries": {"queryType": "prefix", "strMinQueryLength": 2, "strMaxQueryLength": 9,
                  "caseSensitive": true, "diacriticSensitive": false})"));
  EXPECT_EQ(fields.str_encode_version(), 1);
  EXPECT_EQ(fields.to_bson()["strEncodeVersion"].as_int32(), 1);
  EXPECT_EQ(fields.fields()[0].unsupported_query()->type, &QueryType::kPrefix)
      << "this version cannot encrypt it";
}

TEST(EncryptedFields, ASchemaMayHaveNoFields) {
  const EncryptedFields fields = parse(R"({"fields": []})");
  EXPECT_TRUE(fields.empty());
  EXPECT_EQ(fields.esc_collection(), "enxcol_.patients.esc");
  EXPECT_EQ(code_of(R"({"fields": [null]})"), 0) << "null elements are skipped, as MongoDB does";
}

struct Fault {
  std::int32_t code;
  std::string json;
};

TEST(EncryptedFields, MalformedDocumentsHaveMongoDBsCodes) {
  const std::vector<Fault> faults = {
      {40414, R"({})"},
      {40414, R"({"fields": null})"},
      {14, R"({"fields": 1})"},
      {14, R"({"fields": [1]})"},
      {40415, R"({"fields": [], "other": 1})"},
      {40415, field(R"("path": "a", "other": 1)")},
      {40415,
       field(R"("path": "a", "bsonType": "int", "queries": {"queryType": "equality", "x": 1})")},
      {40413, R"({"fields": [], "fields": []})"},
      {40414, R"({"fields": [{"path": "a"}]})"},
      {40414, field("")},
      {14, field(R"("path": 1)")},
      {14, R"({"fields": [{"path": "a", "keyId": true}]})"},
      {14,
       R"({"fields": [{"path": "a", "keyId": {"$binary": {"base64": "AAAA", "subType": "00"}}}]})"},
      {207,
       R"({"fields": [{"path": "a", "keyId": {"$binary": {"base64": "AAAA", "subType": "04"}}}]})"},
      {2, field(R"("path": "a", "bsonType": "text")")},
      {14, field(R"("path": "a", "bsonType": "int", "queries": null)")},
      {14, field(R"("path": "a", "bsonType": "int", "queries": [1])")},
      {40414, field(R"("path": "a", "bsonType": "int", "queries": {})")},
      {2, field(R"("path": "a", "bsonType": "int", "queries": {"queryType": "equal"})")},
      {2, R"({"fields": [], "strEncodeVersion": 2})"},
      {2, R"({"fields": [], "strEncodeVersion": 0})"},
  };
  for (const Fault& fault : faults) EXPECT_EQ(code_of(fault.json), fault.code) << fault.json;
}

TEST(EncryptedFields, ParametersOutOfRangeHaveMongoDBsCodes) {
  const auto equality = [](const std::string& rest) {
    return code_of_query("int", R"({"queryType": "equality", )" + rest + "}");
  };
  EXPECT_EQ(equality(R"("contention": -1)"), 2);
  EXPECT_EQ(equality(R"("contention": {"$numberLong": "9223372036854775806"})"), 0);
  EXPECT_EQ(equality(R"("contention": {"$numberLong": "9223372036854775807"})"), 2);
  EXPECT_EQ(equality(R"("contention": 1.5)"), 9);
  EXPECT_EQ(equality(R"("contention": 4.0)"), 0);
  EXPECT_EQ(equality(R"("contention": "4")"), 14);
  EXPECT_EQ(equality(R"("sparsity": 9)"), 2);
  EXPECT_EQ(equality(R"("sparsity": 2.5)"), 9);
  EXPECT_EQ(equality(R"("precision": -1)"), 2);
  EXPECT_EQ(equality(R"("trimFactor": -1)"), 2);
  EXPECT_EQ(equality(R"("strMaxLength": 0)"), 2);
  EXPECT_EQ(equality(R"("caseSensitive": 1)"), 14);
}

TEST(EncryptedFields, AWrongKeyIdTypeIsNamedInMongoDBsWords) {
  try {
    parse(R"({"fields": [{"path": "a", "keyId": true}]})");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "BSON field 'create.encryptedFields.fields.keyId' is the wrong type 'bool', "
                 "expected type 'binData'");
  }
}

TEST(EncryptedFields, StructuralFaultsHaveMongoDBsCodes) {
  const auto two = [](const std::string& a, const std::string& b, int second_key) {
    return R"({"fields": [{)" + key_id(1) + R"(, "path": ")" + a + R"("}, {)" + key_id(second_key) +
           R"(, "path": ")" + b + R"("}]})";
  };
  const std::vector<Fault> faults = {
      {6316402, field(R"("path": "")")},
      {6316403, field(R"("path": "_id")")},
      {6316403, field(R"("path": "_id.a")")},
      {6316404, field(R"("path": "__safeContent__")")},
      {6316404, field(R"("path": "__safeContent__.a")")},
      {0, field(R"("path": "a.__safeContent__")")},
      {40353, field(R"("path": "a.")")},
      {40353, field(R"("path": ".")")},
      {15998, field(R"("path": "a..b")")},
      {15998, field(R"("path": ".a")")},
      {16410, field(R"("path": "$x")")},
      {16410, field(R"("path": "a.$x")")},
      {0, field(R"("path": "a$.b")")},
      {9867600, field(R"("path": "a\u0000b")")},
      {6338402, two("a", "a", 2)},
      {6338403, two("a", "a.b", 2)},
      {6338403, two("a.b.c", "a.b", 2)},
      {6338401, two("a", "b", 1)},
      {7406900, R"({"fields": [], "escCollection": "enxcol_.other.esc"})"},
      {7406902, R"({"fields": [], "ecocCollection": "enxcol_.patients.esc"})"},
      {6338406, field(R"("path": "a", "bsonType": "null")")},
      {6412601, field(R"("path": "a", "queries": {"queryType": "equality"})")},
      {9783412, field(R"("path": "a", "bsonType": "int", "queries": [])")},
      {9783413, field(R"("path": "a", "bsonType": "int", "queries": [{"queryType": "equality"},
                         {"queryType": "equality"}, {"queryType": "equality"}])")},
      {9783414, field(R"("path": "a", "bsonType": "int", "queries": [{"queryType": "equality"},
                         {"queryType": "equality"}])")},
  };
  for (const Fault& fault : faults) EXPECT_EQ(code_of(fault.json), fault.code) << fault.json;
  EXPECT_EQ(code_of(two("a-b", "a", 2)), 0) << "'-' sorts before '.'";
  EXPECT_EQ(code_of(two("ab", "a", 2)), 0) << "a name that merely starts alike is no prefix";
  EXPECT_EQ(code_of(two("_identity", "x", 2)), 0);
}

TEST(EncryptedFields, APathIsNoDeeperThanDocumentsNest) {
  const auto of_depth = [](int depth) {
    std::string path = "a";
    for (int i = 1; i < depth; ++i) path += ".a";
    return field(R"("path": ")" + path + '"');
  };
  EXPECT_EQ(code_of(of_depth(180)), 0);
  EXPECT_EQ(code_of(of_depth(181)), static_cast<int>(ErrorCode::kBadValue));
  EXPECT_EQ(code_of(of_depth(1'000'000)), static_cast<int>(ErrorCode::kBadValue));
}

TEST(EncryptedFields, ThereAreAtMostTenThousand) {
  const auto code_of_count = [](int count) {
    bson::Builder builder;
    builder.open_array("fields");
    for (int i = 0; i < count; ++i) {
      builder.push(bson::doc("keyId", Uuid::random(), "path", "f" + std::to_string(i)));
    }
    builder.close();
    return code_of(bson::to_json(builder.finish()));
  };
  EXPECT_EQ(code_of_count(10'000), 0);
  EXPECT_EQ(code_of_count(10'001), static_cast<int>(ErrorCode::kBadValue));
}

TEST(EncryptedFields, EqualitySupportsMongoDBsTypes) {
  for (const char* type : {"binData", "javascript", "regex", "string", "int", "long", "bool",
                           "timestamp", "date", "objectId", "symbol", "dbPointer"}) {
    EXPECT_EQ(code_of_query(type, R"({"queryType": "equality"})"), 0) << type;
  }
  for (const char* type : {"double", "decimal", "object", "array", "javascriptWithScope", "null"}) {
    EXPECT_EQ(code_of_query(type, R"({"queryType": "equality"})"), 6338405) << type;
  }
}

TEST(EncryptedFields, EqualityTakesNoParametersOfOtherQueries) {
  const std::vector<Fault> faults = {
      {6775205, R"("sparsity": 1)"},
      {6775206, R"("min": 1)"},
      {6775207, R"("max": 1)"},
      {8574104, R"("trimFactor": 1)"},
      {10774900, R"("precision": 1)"},
      {10774901, R"("strMaxLength": 1)"},
      {10774902, R"("strMinQueryLength": 1)"},
      {10774903, R"("strMaxQueryLength": 1)"},
      {10774904, R"("caseSensitive": true)"},
      {10774905, R"("diacriticSensitive": true)"},
  };
  for (const Fault& fault : faults) {
    EXPECT_EQ(code_of_query("int", R"({"queryType": "equality", )" + fault.json + "}"), fault.code)
        << fault.json;
  }
}

TEST(EncryptedFields, RangeDefinitionsAreValidated) {
  const auto range = [](const char* type, const std::string& rest) {
    return code_of_query(type, R"({"queryType": "range")" + rest + "}");
  };
  EXPECT_EQ(range("int", R"(, "min": 0, "max": 100, "trimFactor": 6)"), 0);
  EXPECT_EQ(range("int", R"(, "min": 0, "max": 100, "trimFactor": 7)"), 8574000);
  EXPECT_EQ(range("int", R"(, "trimFactor": 31)"), 0);
  EXPECT_EQ(range("int", R"(, "trimFactor": 32)"), 8574000);
  EXPECT_EQ(range("string", ""), 6775201);
  EXPECT_EQ(range("int", R"(, "min": 5, "max": 5)"), 6720005);
  EXPECT_EQ(range("int", R"(, "min": {"$numberLong": "0"})"), 7018200);
  EXPECT_EQ(range("int", R"(, "max": 1.5)"), 7018201);
  EXPECT_EQ(range("int", R"(, "precision": 1)"), 8574112);
  EXPECT_EQ(range("date", R"(, "precision": 1)"), 8574113);
  EXPECT_EQ(range("int", R"(, "caseSensitive": true)"), 10774909);
  EXPECT_EQ(range("long", ""), 0);
  EXPECT_EQ(range("double", ""), 0);
  EXPECT_EQ(range("double", R"(, "min": 0.0, "max": 1.0)"), 6967100);
  EXPECT_EQ(range("double", R"(, "min": 0.5, "max": 1.0, "precision": 1)"), 0);
  EXPECT_EQ(range("double", R"(, "min": 0.25, "max": 1.0, "precision": 1)"), 6966805);
  EXPECT_EQ(range("double", R"(, "min": 0.5, "max": 1.75, "precision": 1)"), 6966806);
  EXPECT_EQ(range("double", R"(, "min": 0.0, "max": 1.0e15, "precision": 3)"), 9157100);
  const auto whole = [&](const char* min, const char* max) {
    return range("double",
                 std::string(R"(, "precision": 0, "min": )") + min + R"(, "max": )" + max);
  };
  EXPECT_EQ(whole("0.0", "4503599627370495.0"), 0) << "2^52 values";
  EXPECT_EQ(whole("0.0", "4503599627370496.0"), 9157100);
  EXPECT_EQ(whole("9007199254740989.0", "9007199254740991.0"), 0);
  EXPECT_EQ(whole("9007199254740990.0", "9007199254740992.0"), 9157100) << "2^53 is not exact";
  EXPECT_EQ(whole("-9007199254740991.0", "-9007199254740989.0"), 0);
  EXPECT_EQ(whole("-9007199254740992.0", "-9007199254740990.0"), 9157100);
  EXPECT_EQ(range("double", R"(, "min": 0.0, "max": 1.0e-16, "precision": 16)"), 9157100);
  EXPECT_EQ(range("double", R"(, "min": 0.0, "max": 1.0e-300, "precision": 300)"), 9157100);
  const auto decimal = [&](const char* min, const char* max, int precision) {
    return range("decimal", std::string(R"(, "min": {"$numberDecimal": ")") + min +
                                R"("}, "max": {"$numberDecimal": ")" + max +
                                R"("}, "precision": )" + std::to_string(precision));
  };
  EXPECT_EQ(decimal("-10.5", "20.25", 2), 0);
  EXPECT_EQ(decimal("20.25", "-10.5", 2), 6720005);
  EXPECT_EQ(decimal("0.001", "1", 2), 6966807);
  EXPECT_EQ(decimal("0", "1.001", 2), 6966808);
  EXPECT_EQ(decimal("0", "1E+37", 5), 9157101);
  EXPECT_EQ(decimal("0", "1E+38", 0), 0);
  EXPECT_EQ(decimal("0", "1.7E+38", 0), 0) << "just below 2^127";
  EXPECT_EQ(decimal("0", "1.8E+38", 0), 9157101);
  EXPECT_EQ(decimal("0", "Infinity", 5), 9157101);
}

TEST(EncryptedFields, ARangeHasAsManyValuesAsItsBitsAllow) {
  const auto range = [](const char* type, const std::string& rest) {
    return code_of_query(type, R"({"queryType": "range", )" + rest + "}");
  };
  EXPECT_EQ(range("int", R"("sparsity": 1)"), 0);
  EXPECT_EQ(range("int", R"("sparsity": 8)"), 0);
  EXPECT_EQ(range("int", R"("sparsity": 0)"), 2);
  EXPECT_EQ(range("int", R"("sparsity": 9)"), 2);
  // 2^52 values take 52 bits.
  EXPECT_EQ(range("double", R"("min": 0.0, "max": 4503599627370495.0, "precision": 0)"), 0);
  EXPECT_EQ(range("double", R"("min": 0.0, "max": 4503599627370496.0, "precision": 0)"), 9157100);
  EXPECT_EQ(range("double", R"("min": 0.0, "max": 1.0, "precision": 400)"), 9157100);
  const auto decimal = [&](const char* min, const char* max) {
    return range("decimal", std::string(R"("min": {"$numberDecimal": ")") + min +
                                R"("}, "max": {"$numberDecimal": ")" + max +
                                R"("}, "precision": 0)");
  };
  EXPECT_EQ(decimal("-1E+37", "1E+38"), 0);
  EXPECT_EQ(decimal("-1E+38", "1E+38"), 9157101);  // 2^127 is about 1.7E+38
  EXPECT_EQ(decimal("1", "3"), 0);
  EXPECT_EQ(decimal("-3", "-1"), 0);
}

TEST(EncryptedFields, TextDefinitionsAreValidated) {
  const auto text = [](const std::string& type, const std::string& rest,
                       const char* bson_type = "string") {
    return code_of_query(bson_type, R"({"queryType": ")" + type + R"(")" + rest + "}");
  };
  const std::string lengths = R"(, "strMinQueryLength": 2, "strMaxQueryLength": 5)";
  const std::string flags = R"(, "caseSensitive": true, "diacriticSensitive": true)";
  EXPECT_EQ(text("suffix", lengths + flags), 0);
  EXPECT_EQ(text("prefixPreview", lengths + flags), 0);
  EXPECT_EQ(text("substring", lengths + flags + R"(, "strMaxLength": 10)"), 0);
  EXPECT_EQ(text("suffix", lengths + flags, "int"), 9783400);
  EXPECT_EQ(text("suffix", lengths + flags + R"(, "sparsity": 1)"), 10774911);
  EXPECT_EQ(text("suffix", R"(, "strMaxQueryLength": 5)" + flags), 9783402);
  EXPECT_EQ(text("suffix", R"(, "strMinQueryLength": 5)" + flags), 9783403);
  EXPECT_EQ(text("suffix", lengths + R"(, "diacriticSensitive": true)"), 9783404);
  EXPECT_EQ(text("suffix", lengths + R"(, "caseSensitive": true)"), 9783405);
  EXPECT_EQ(text("suffix", R"(, "strMinQueryLength": 6, "strMaxQueryLength": 5)" + flags), 9783406);
  EXPECT_EQ(text("substring", lengths + flags), 9783407);
  EXPECT_EQ(text("substring", lengths + flags + R"(, "strMaxLength": 4)"), 9783408);
  EXPECT_EQ(text("prefix", lengths + flags + R"(, "strMaxLength": 10)"), 9783401);

  const auto pair = [&](const std::string& a, const std::string& b) {
    return code_of_query("string", R"([{"queryType": "prefix")" + lengths + a +
                                       R"(}, {"queryType": "suffix")" + lengths + b + "}]");
  };
  EXPECT_EQ(pair(flags, flags), 0);
  EXPECT_EQ(pair(flags, R"(, "caseSensitive": false, "diacriticSensitive": true)"), 9783409);
  EXPECT_EQ(pair(flags, R"(, "caseSensitive": true, "diacriticSensitive": false)"), 9783410);
  EXPECT_EQ(pair(flags, flags + R"(, "contention": 1)"), 9783411);
}

TEST(EncryptedFieldsMap, FindsTheSchemaOfANamespace) {
  const bson::Document document =
      bson::from_json(R"({"clinic.patients": {"fields": [{"keyAltName": "ssn", "path": "ssn"}]}})");
  const EncryptedFieldsMap map = EncryptedFieldsMap::parse(document.view());
  ASSERT_NE(map.find("clinic.patients"), nullptr);
  EXPECT_EQ(map.find("clinic.patients")->fields()[0].key_alt_name, "ssn");
  EXPECT_EQ(map.find("clinic.patients")->esc_collection(), "enxcol_.patients.esc");
  EXPECT_EQ(map.find("clinic.other"), nullptr);
}

TEST(EncryptedFieldsMap, FaultsNameTheNamespace) {
  const auto message_of = [](const char* json) -> std::string {
    const bson::Document document = bson::from_json(json);
    try {
      EncryptedFieldsMap::parse(document.view());
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_NE(message_of(R"({"clinic.patients": 1})").find("clinic.patients"), std::string::npos);
  EXPECT_NE(message_of(R"({"clinic.patients": {"fields": [{"path": "a"}]}})")
                .find("'clinic.patients.encryptedFields.fields.keyId'"),
            std::string::npos);
  EXPECT_NE(message_of(R"({"patients": {"fields": []}})").find("database.collection"),
            std::string::npos);
  for (const char* ns : {".patients", "clinic."}) {
    EXPECT_NE(message_of(("{\"" + std::string(ns) + R"(": {"fields": []}})").c_str())
                  .find("database.collection"),
              std::string::npos);
  }
  EXPECT_NE(message_of(R"({"a.b": {"fields": [{"keyAltName": "x", "path": "p"},
                                              {"keyAltName": "x", "path": "q"}]}})")
                .find("own data key"),
            std::string::npos);
}

}  // namespace
}  // namespace quern::schema
