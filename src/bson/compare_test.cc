// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/bson/compare.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "bson/decimal.h"
#include "quern/bson/document.h"

namespace quern::bson {
namespace {

Value dec(std::string_view text) { return Value::of(Decimal128::parse(text)); }

TEST(Compare, OrdersTypesAsMongoDbDoes) {
  const ObjectId oid = ObjectId::generate();
  const std::vector<Value> ascending = {
      Value::of(MinKey{}),
      Value(),  // missing
      Value::of(Null{}),
      Value::of(std::nan("")),
      Value::of(-HUGE_VAL),
      Value::of(-5),
      Value::of(std::int64_t{7}),
      dec("7.5"),
      Value::of(HUGE_VAL),
      Value::of(""),
      Value::of("a"),
      Value::of(Symbol{"b"}),
      Value::of(doc()),
      Value::of(doc("a", 1)),
      array(),
      array(1),
      Value::of(Binary{BinarySubtype::kGeneric, {}}),
      Value::of(oid),
      Value::of(false),
      Value::of(true),
      Value::of(Date{0}),
      Value::of(Timestamp{1, 1}),
      Value::of(Regex{"a", ""}),
      Value::of(DbPointer{"a", oid}),
      Value::of(Code{"a"}),
      Value::of(MaxKey{}),
  };
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    for (std::size_t j = 0; j < ascending.size(); ++j) {
      EXPECT_EQ(compare(ascending[i].view(), ascending[j].view()), std::weak_ordering(i <=> j))
          << i << " " << j;
    }
  }
}

TEST(Compare, NumbersOfAllTypesCompareByValue) {
  EXPECT_EQ(compare(Value::of(1).view(), Value::of(1.0).view()), std::weak_ordering::equivalent);
  EXPECT_EQ(compare(dec("1.00").view(), Value::of(std::int64_t{1}).view()),
            std::weak_ordering::equivalent);
  // 2^53 + 1 is not a double: the comparison with an int64 must not round.
  EXPECT_EQ(compare(Value::of((std::int64_t{1} << 53) + 1).view(), Value::of(0x1p53).view()),
            std::weak_ordering::greater);
  EXPECT_EQ(
      compare(Value::of(std::numeric_limits<std::int64_t>::max()).view(), Value::of(0x1p63).view()),
      std::weak_ordering::less);
  EXPECT_EQ(compare(Value::of(0.1).view(), dec("0.1").view()), std::weak_ordering::greater);
  EXPECT_EQ(compare(Value::of(0.5).view(), dec("0.5").view()), std::weak_ordering::equivalent);
  EXPECT_EQ(compare(dec("-0").view(), Value::of(0).view()), std::weak_ordering::equivalent);
  EXPECT_EQ(compare(dec("NaN").view(), Value::of(std::nan("")).view()),
            std::weak_ordering::equivalent);
  EXPECT_EQ(compare(dec("1E+6000").view(), Value::of(1e308).view()), std::weak_ordering::greater);
  EXPECT_EQ(compare(dec("1E-6000").view(), Value::of(0).view()), std::weak_ordering::greater);
}

TEST(Compare, DocumentsCompareByTypeThenKeyThenValue) {
  EXPECT_EQ(compare(doc("b", 1).view(), doc("a", "x").view()), std::weak_ordering::less);
  EXPECT_EQ(compare(doc("a", 2).view(), doc("b", 1).view()), std::weak_ordering::less);
  EXPECT_EQ(compare(doc("a", 1).view(), doc("a", 1, "b", 1).view()), std::weak_ordering::less);
}

Value random_number(std::mt19937_64& random) {
  const auto small = static_cast<std::int64_t>(random() % 7) - 3;
  switch (random() % 8) {
    case 0:
      return Value::of(static_cast<std::int32_t>(small));
    case 1:
      return Value::of(small);
    case 2:
      return Value::of(static_cast<double>(small));
    case 3:
      return Value::of(static_cast<double>(small) + 0.5);
    case 4:
      return dec(std::to_string(small) + ".50");
    case 5:
      return Value::of(static_cast<std::int64_t>(random()));
    case 6:
      return Value::of(
          std::ldexp(static_cast<double>(small), static_cast<int>(random() % 120) - 60));
    default:
      return dec(std::to_string(small) + "E" +
                 std::to_string(static_cast<int>(random() % 40) - 20));
  }
}

TEST(Compare, ArraysCompareByTheirElementsWhateverTheirKeys) {
  const Document usual = doc("0", 1, "1", 2);
  const Document odd = doc("5", 1, "5", 2);
  const auto a = usual.view().as_value(Type::kArray);
  const auto b = odd.view().as_value(Type::kArray);
  EXPECT_TRUE(compare(a, b) == 0);
  EXPECT_EQ(hash(a), hash(b));
  const Document longer = doc("0", 1, "1", 2, "2", 0);
  EXPECT_TRUE(compare(a, longer.view().as_value(Type::kArray)) < 0);
}

TEST(Compare, IsATotalOrderOverNumbersAndHashAgrees) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 20'000; ++round) {
    const Value a = random_number(random);
    const Value b = random_number(random);
    const Value c = random_number(random);
    EXPECT_EQ(compare(a.view(), b.view()), 0 <=> compare(b.view(), a.view()));
    if (compare(a.view(), b.view()) <= 0 && compare(b.view(), c.view()) <= 0) {
      EXPECT_TRUE(compare(a.view(), c.view()) <= 0);
    }
    if (compare(a.view(), b.view()) == 0) {
      EXPECT_EQ(hash(a.view()), hash(b.view()));
    }
  }
}

TEST(Decimal, ConvertsToAndFromIntegersAndDoubles) {
  EXPECT_EQ(decimal_from(std::int64_t{-42}).to_string(), "-42");
  EXPECT_EQ(decimal_from(std::numeric_limits<std::int64_t>::min()).to_string(),
            "-9223372036854775808");
  EXPECT_EQ(decimal_from(0.1).to_string(), "0.1000000000000000055511151231257827");
  EXPECT_EQ(decimal_to_double(Decimal128::parse("0.1")), 0.1);
  EXPECT_EQ(decimal_to_int64(Decimal128::parse("12E1")), 120);
  EXPECT_EQ(decimal_to_int64(Decimal128::parse("1.5")), std::nullopt);
}

TEST(Decimal, PartsRoundTrip) {
  for (const std::string_view text : {"0", "-1.50", "9.999999999999999999999999999999999E+6144",
                                      "1E-6176", "Infinity", "-Infinity", "NaN"}) {
    EXPECT_EQ(compose(decompose(Decimal128::parse(text))).to_string(), text);
  }
}

}  // namespace
}  // namespace quern::bson
