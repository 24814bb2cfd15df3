// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>

#include "quern/bson/document.h"
#include "quern/bson/json.h"

namespace quern::bson {
namespace {

void expect_invalid(std::string_view hex, std::string_view what) {
  try {
    validate(from_hex(hex));
    FAIL() << "accepted: " << hex;
  } catch (const Error& error) {
    EXPECT_TRUE(error.is(ErrorCode::kInvalidBSON));
    EXPECT_NE(std::string(error.what()).find(what), std::string::npos) << error.what();
  }
}

TEST(Validate, RefusesWrongLengths) {
  expect_invalid("04000000", "at least 5 bytes");
  expect_invalid("0600000000", "does not fit");
  expect_invalid("0400000000", "does not fit");
  expect_invalid("ffffffff00", "does not fit");
  expect_invalid("050000000000", "bytes follow");
  expect_invalid("0500000001", "must end with a NUL");
}

TEST(Validate, RefusesWrongValues) {
  expect_invalid("0800000014610000", "unknown type byte 20");
  expect_invalid("090000000861000200", "boolean");
  expect_invalid("0e00000002610003000000616200", "");
  expect_invalid(
      "0e0000000261000200000061620000"
      "00",
      "");
  expect_invalid("0d000000026100020000ffff0000", "");
}

TEST(Validate, RefusesTextThatIsNotUtf8) {
  for (const std::string_view bad : {"c080", "eda080", "f4908080", "80", "e28082ff", "f0808080"}) {
    const Bytes text = from_hex(bad);
    Builder builder;
    builder.append("a", as_text(text));
    EXPECT_THROW(validate(builder.finish_bytes()), Error) << bad;
  }
  EXPECT_NO_THROW(validate(doc("ключ", "größe €😀").bytes()));
}

TEST(Validate, RefusesTooDeepNesting) {
  const auto nested = [](int depth) {
    Builder builder;
    for (int i = 0; i < depth; ++i) builder.open_document("a");
    for (int i = 0; i < depth; ++i) builder.close();
    return builder.finish();
  };
  EXPECT_NO_THROW(validate(nested(180).bytes()));
  EXPECT_THROW(validate(nested(181).bytes()), Error);
}

TEST(Validate, NeverReadsOutsideOfMutatedBytes) {
  const Bytes good =
      from_json(
          R"({"a": {"b": [1, "text", {"$numberLong": "5"}, {"$oid": "0123456789abcdef01234567"}]},
      "r": {"$regularExpression": {"pattern": "x", "options": "i"}}, "d": {"$numberDecimal": "1.5"},
      "c": {"$code": "f", "$scope": {"x": 1}}, "p": {"$dbPointer": {"$ref": "a.b", "$id": {"$oid": "0123456789abcdef01234567"}}},
      "n": {"$binary": {"base64": "AQIDBA==", "subType": "00"}}})")
          .bytes();
  std::mt19937 random(7);
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes = good;
    for (int flips = 1 + static_cast<int>(random() % 3); flips > 0; --flips) {
      bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    }
    if (random() % 4 == 0) bytes.resize(random() % bytes.size());
    try {
      validate(bytes);
      ++accepted;
      // What was accepted can be walked to its end.
      EXPECT_EQ(Document(View(bytes.data())).size(), bytes.size());
      (void)to_json(View(bytes.data()));
    } catch (const Error&) {
    }
  }
  EXPECT_GT(accepted, 0);
}

}  // namespace
}  // namespace quern::bson
