// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/testing/error_of.h"
#include "models/assigned_value.h"
#include "models/testing.h"

namespace quern::testing {
namespace {

struct Pet {
  Char<20> name;
  std::int32_t age = 0;
};
struct Owner {
  Id id{};
  Char<40> name;
  std::int32_t age = 0;
  double weight = 0;
  bool active = true;
  std::optional<std::string> nickname;
  std::vector<std::string> tags;
  std::vector<Pet> pets;
  std::chrono::milliseconds pause{0};
  Decimal<6, 2> balance;
  Encrypted<std::int64_t, equality> number;
  Encrypted<std::string, equality> secret;
  Encrypted<Price, equality> price;
};

template <class T>
std::string json(const Expr<T>& expression) {
  return bson::to_json(expression.filter());
}
std::string normal(std::string_view text) { return bson::to_json(bson::from_json(text)); }

const auto kName = f(&Owner::name);
const auto kAge = f(&Owner::age);
const auto kNumber = f(&Owner::number);

TEST(Path, JoinsStoredNamesThroughStructsOptionalsAndVectors) {
  EXPECT_EQ(f(&Patient::patient_record, &PatientRecord::ssn).text, "patient_record.ssn");
  EXPECT_EQ(f(&Owner::pets, &Pet::age).text, "pets.age");
  EXPECT_EQ(f(&Patient::id).text, "_id");
}

struct Inner {
  std::int32_t leaf = 0;
};
struct Outer {
  Id id{};
  Inner plain;
  std::optional<Inner> optional;
  std::vector<std::optional<Inner>> both;
};

TEST(Path, KnowsWhatItLeadsThrough) {
  constexpr auto steps = [](const auto& path) { return path.kThrough; };
  EXPECT_FALSE(steps(f(&Outer::plain, &Inner::leaf)).optional);
  EXPECT_TRUE(steps(f(&Outer::optional, &Inner::leaf)).optional);
  EXPECT_FALSE(steps(f(&Outer::optional, &Inner::leaf)).vector);
  EXPECT_TRUE(steps(f(&Outer::both, &Inner::leaf)).vector);
  EXPECT_TRUE(steps(f(&Outer::both, &Inner::leaf)).optional);
}

TEST(Expression, ComparesWithTheTypeOfTheField) {
  EXPECT_EQ(json(kName == "Ann"), normal(R"({"name": {"$eq": "Ann"}})"));
  EXPECT_EQ(json(kNumber != 5), normal(R"({"number": {"$ne": {"$numberLong": "5"}}})"));
  EXPECT_EQ(json(kAge < 5L), normal(R"({"age": {"$lt": {"$numberInt": "5"}}})"));
  EXPECT_EQ(json(kAge <= 5), normal(R"({"age": {"$lte": 5}})"));
  EXPECT_EQ(json(kAge > 5), normal(R"({"age": {"$gt": 5}})"));
  EXPECT_EQ(json(kAge >= 5), normal(R"({"age": {"$gte": 5}})"));
  EXPECT_EQ(json(f(&Owner::weight) > 70), normal(R"({"weight": {"$gt": 70.0}})"));
  EXPECT_EQ(json(f(&Owner::active) == false), normal(R"({"active": {"$eq": false}})"));
  EXPECT_EQ(json(f(&Owner::pause) == std::chrono::seconds(2)),
            normal(R"({"pause": {"$eq": {"$numberLong": "2000"}}})"));
  EXPECT_EQ(json(f(&Owner::balance) == 2.5),
            normal(R"({"balance": {"$eq": {"$numberDecimal": "2.50"}}})"));
  EXPECT_EQ(json(f(&Owner::nickname) == "Bo"), normal(R"({"nickname": {"$eq": "Bo"}})"));
}

TEST(Expression, TakesEncryptedValuesAsTheyAre) {
  const Encrypted<std::int64_t, equality> number = 7;
  EXPECT_EQ(json(kNumber == number), normal(R"({"number": {"$eq": {"$numberLong": "7"}}})"));
}

TEST(Expression, RefusesNumbersThatTheFieldCannotHold) {
  EXPECT_THROW((void)(kAge == 5'000'000'000), Error);
  EXPECT_THROW((void)(kAge == 4'000'000'000U), Error);
}

TEST(Expression, TakesTheValueOnTheLeftToo) {
  EXPECT_EQ(json("Ann" == kName), json(kName == "Ann"));
  EXPECT_EQ(json(5 != kNumber), json(kNumber != 5));
  EXPECT_EQ(json(5 < kAge), json(kAge > 5));
  EXPECT_EQ(json(5 <= kAge), json(kAge >= 5));
  EXPECT_EQ(json(5 > kAge), json(kAge < 5));
  EXPECT_EQ(json(5 >= kAge), json(kAge <= 5));
}

TEST(Expression, NamesThePathOfTextThatIsNotUtf8) {
  const Error error = error_of([] { (void)(kName == "\xff"); });
  EXPECT_TRUE(error.is(ErrorCode::kBadValue));
  EXPECT_STREQ(error.what(), "name: Ensure this value is valid UTF-8.");
  for (const auto& use : std::vector<std::function<void()>>{
           [] { (void)contains(kName, "\xff"); }, [] { (void)istartswith(kName, "\xff"); },
           [] { (void)regex(kName, "\xff"); },
           [] {
             (void)in(kName, {"good", "\xff"});
           }}) {
    EXPECT_STREQ(error_of(use).what(), "name: Ensure this value is valid UTF-8.");
  }
}

TEST(Expression, SaysNothingAboutAnEncryptedValueThatCannotBeStored) {
  const auto text_of = [](auto&& condition) { return std::string(error_of(condition).what()); };
  const auto secret = f(&Owner::secret);
  const auto price = f(&Owner::price);
  EXPECT_EQ(text_of([&] { (void)(secret == "\xff"); }), "secret: Enter a valid value.");
  EXPECT_EQ(text_of([&] { (void)in(secret, {"ok", "\xff"}); }), "secret: Enter a valid value.");
  EXPECT_EQ(text_of([&] { (void)(price == Price{-977}); }), "price: Enter a valid value.");
  EXPECT_EQ(set(price, Price{-977}).state().faults.at("price"),
            std::vector<std::string>{"Enter a valid value."});
}

TEST(Expression, CombinesConditions) {
  const auto young = kAge < 5;
  const auto ann = kName == "Ann";
  EXPECT_EQ(json(young && ann && kNumber == 1),
            normal(R"({"$and": [{"age": {"$lt": 5}}, {"name": {"$eq": "Ann"}},
                                {"number": {"$eq": {"$numberLong": "1"}}}]})"));
  EXPECT_EQ(json((young || ann) && !ann),
            normal(R"({"$and": [{"$or": [{"age": {"$lt": 5}}, {"name": {"$eq": "Ann"}}]},
                                {"$nor": [{"name": {"$eq": "Ann"}}]}]})"));
}

TEST(Expression, StartsNeutralSoThatItCanBeBuiltInALoop) {
  Expr<Owner> any;
  for (const char* name : {"Ann", "Bob"}) any = any || kName == name;
  EXPECT_EQ(json(any), normal(R"({"$or": [{"name": {"$eq": "Ann"}}, {"name": {"$eq": "Bob"}}]})"));
  EXPECT_TRUE((Expr<Owner>() && Expr<Owner>()).neutral());
  EXPECT_TRUE((!Expr<Owner>()).neutral());
}

TEST(Expression, InTakesBracedListsAndRanges) {
  EXPECT_EQ(json(in(kNumber, {1, 2})),
            normal(R"({"number": {"$in": [{"$numberLong": "1"}, {"$numberLong": "2"}]}})"));
  EXPECT_EQ(json(in(kName, std::set<std::string>{"a", "b"})),
            normal(R"({"name": {"$in": ["a", "b"]}})"));
}

TEST(Expression, InNothingMatchesNothing) {
  EXPECT_EQ(json(in(kNumber, std::vector<int>())), normal(R"({"_id": {"$in": []}})"));
}

TEST(Expression, BetweenIsInclusiveAndEmptyWhenReversed) {
  EXPECT_EQ(json(between(kAge, 3, 5)), normal(R"({"age": {"$gte": 3, "$lte": 5}})"));
  EXPECT_EQ(json(between(kAge, 5, 3)), normal(R"({"_id": {"$in": []}})"));
}

std::string text(std::string_view path, std::string_view pattern, std::string_view options = "") {
  if (options.empty()) return bson::to_json(bson::doc(path, bson::doc("$regex", pattern)));
  return bson::to_json(bson::doc(path, bson::doc("$regex", pattern, "$options", options)));
}

TEST(Expression, TextConditionsEscapeTheirText) {
  EXPECT_EQ(json(contains(kName, "a.b*")), text("name", R"(a\.b\*)"));
  EXPECT_EQ(json(icontains(kName, "ä(")), text("name", R"(ä\()", "i"));
  EXPECT_EQ(json(startswith(kName, "Dr. ")), text("name", R"(^Dr\.\ )"));
  EXPECT_EQ(json(istartswith(kName, "d")), text("name", "^d", "i"));
  EXPECT_EQ(json(endswith(kName, "x")), text("name", R"(x\z)"));
  EXPECT_EQ(json(iendswith(kName, "x")), text("name", R"(x\z)", "i"));
  EXPECT_EQ(json(iexact(kName, "a$")), text("name", R"(^a\$\z)", "i"));
  EXPECT_EQ(json(regex(kName, "^A.*z$", "s")), text("name", "^A.*z$", "s"));
  EXPECT_THROW(contains(kName, std::string_view("a\0b", 3)), Error);
}

TEST(Expression, TextConditionsReachIntoOptionalsAndVectors) {
  EXPECT_EQ(json(contains(f(&Owner::nickname), "x")), text("nickname", "x"));
  EXPECT_EQ(json(contains(f(&Owner::tags), "x")), text("tags", "x"));
}

TEST(Expression, AsksForNullAndExistence) {
  EXPECT_EQ(json(is_null(f(&Owner::nickname))), normal(R"({"nickname": {"$eq": null}})"));
  EXPECT_EQ(json(exists(kNumber)), normal(R"({"number": {"$exists": true}})"));
}

TEST(Expression, LooksIntoVectors) {
  EXPECT_EQ(json(includes(f(&Owner::tags), "vip")), normal(R"({"tags": {"$eq": "vip"}})"));
  EXPECT_EQ(json(f(&Owner::pets, &Pet::age) > 3), normal(R"({"pets.age": {"$gt": 3}})"));
}

}  // namespace
}  // namespace quern::testing
