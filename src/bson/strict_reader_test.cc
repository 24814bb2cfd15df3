// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "bson/strict_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quern/bson/json.h"

namespace quern::bson {
namespace {

using ::testing::HasSubstr;

struct Refusal {
  std::int32_t code;
  std::string text;
  friend bool operator==(const Refusal&, const Refusal&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Refusal& r) {
    return out << r.code << ": " << r.text;
  }
};

template <class Action>
Refusal refusal_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  return {0, ""};
}

Refusal read(std::string_view json, const Members& members, const MemberFaults& faults = {}) {
  const Document document = from_json(json);
  return refusal_of([&] { StrictReader(document, "find", members, faults); });
}

constexpr std::string_view kKnown[] = {"a", "b"};
constexpr std::string_view kShared[] = {"lsid"};

TEST(StrictReader, RefusesMembersThatItDoesNotKnow) {
  EXPECT_EQ(read(R"({"a": 1, "b": 2})", {kKnown}), (Refusal{0, ""}));
  EXPECT_EQ(read(R"({"a": 1, "x": 2})", {kKnown}),
            (Refusal{40415, "BSON field 'find.x' is an unknown field."}));
  EXPECT_EQ(read(R"({"lsid": 1})", {kKnown}).code, 40415);
  EXPECT_EQ(read(R"({"lsid": 1})", {kKnown, kShared}).code, 0);
  EXPECT_EQ(read(R"({"x": 1, "x": 2})", {.known = kKnown, .ignores_others = true}).code, 0);
}

TEST(StrictReader, NamesTheKnownMemberThatAnUnknownOneIsCloseTo) {
  constexpr std::string_view kLong[] = {"filter", "projection"};
  constexpr std::string_view kCommon[] = {"maxTimeMS"};
  EXPECT_EQ(read(R"({"fliter": 1})", {kLong}).text,
            "BSON field 'find.fliter' is an unknown field. Did you mean 'filter'?");
  EXPECT_EQ(read(R"({"maxTimeMs": 1})", {kLong, kCommon}).text,
            "BSON field 'find.maxTimeMs' is an unknown field. Did you mean 'maxTimeMS'?");
  const std::string endless = "projection" + std::string(1000, 'x');
  EXPECT_EQ(read("{\"" + endless + "\": 1}", {kLong}).text,
            "BSON field 'find." + endless + "' is an unknown field.");
  EXPECT_EQ(read(R"({"fliter": 1})", {kLong}, {.unknown = {1, "{name}?"}}).text, "fliter?");
}

TEST(StrictReader, RefusesAMemberThatIsThereTwice) {
  const Refusal expected{40413, "BSON field 'find.a' is a duplicate field"};
  EXPECT_EQ(read(R"({"a": 1, "b": 2, "a": 1})", {kKnown}), expected);
  EXPECT_EQ(read(R"({"a": 1, "a": 1})", {.known = kKnown, .ignores_others = true}), expected);
  EXPECT_EQ(read(R"({"lsid": 1, "lsid": 1})", {kKnown, kShared}).code, 40413);
}

TEST(StrictReader, TheFirstMemberMayNameTheDocument) {
  const Members members{.known = kKnown, .names_itself = true};
  EXPECT_EQ(read(R"({"find": 1, "a": 2})", members).code, 0);
  EXPECT_EQ(read(R"({"find": 1, "find": 2})", members).code, 40415);
}

TEST(StrictReader, ItsFaultsMayHaveOtherWords) {
  const MemberFaults faults{.unknown = {9, "unknown argument to {where}: {name}"}};
  EXPECT_EQ(read(R"({"x": 1})", {kKnown}, faults), (Refusal{9, "unknown argument to find: x"}));
  EXPECT_EQ(read(R"({"a": 1, "a": 1})", {kKnown}, faults).code, 40413);
}

TEST(StrictReader, KnowsSixtyFourMembersOfAKind) {
  std::vector<std::string> names;
  for (int i = 0; i < 65; ++i) names.push_back("m" + std::to_string(i));
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::span<const std::string_view> all(views);
  const Document last = doc(names[63], 1);
  StrictReader(last, "w", all.first(64));
  EXPECT_EQ(refusal_of([&] { StrictReader(last, "w", all); }).code,
            static_cast<std::int32_t>(ErrorCode::kInternalError));
}

TEST(StrictReader, ReadsTypedValuesAndTakesNullForAbsent) {
  const Document document =
      from_json(R"({"t": "x", "b": true, "n": {"$numberLong": "7"}, "z": null, "d": 1.5})");
  const StrictReader reader(document, "w", {"t", "b", "n", "z", "d"});
  EXPECT_EQ(reader.text("t"), "x");
  EXPECT_EQ(reader.boolean("b"), true);
  EXPECT_EQ(reader.number("n", 7, 7), 7);
  EXPECT_EQ(reader.text("z"), std::nullopt);
  EXPECT_EQ(reader.text("absent"), std::nullopt);
  EXPECT_TRUE(reader["z"].is_null());
  EXPECT_TRUE(reader.required("z").is_null());
  EXPECT_TRUE(reader.value("z").missing());
}

TEST(StrictReader, NamesWhatIsWrong) {
  const Document document = from_json(R"({"t": "x", "z": null, "d": 1.5, "n": 7})");
  const StrictReader reader(document, "w", {"t", "z", "d", "n"});
  EXPECT_EQ(refusal_of([&] { (void)reader.boolean("t"); }),
            (Refusal{14, "BSON field 'w.t' is the wrong type 'string', expected type 'bool'"}));
  EXPECT_EQ(refusal_of([&] { (void)reader.text("d"); }).code, 14);
  EXPECT_EQ(refusal_of([&] { (void)reader.number("t", 0, 1); }).code, 14);
  EXPECT_EQ(refusal_of([&] { (void)reader.number("d", 0, 9); }).code, 9);
  EXPECT_EQ(refusal_of([&] { (void)reader.number("n", 8, 9); }).code, 2);
  EXPECT_EQ(refusal_of([&] { (void)reader.number("n", 5, 6); }).code, 2);
  EXPECT_EQ(refusal_of([&] { (void)reader.required_value("z"); }),
            (Refusal{40414, "BSON field 'w.z' is missing but a required field"}));
  EXPECT_EQ(refusal_of([&] { (void)reader.required("y"); }).code, 40414);
}

TEST(RequireDistinct, FindsARepetitionWhereverItStands) {
  for (const int count : {1, 2, 15, 16, 17, 40}) {
    Builder builder;
    for (int i = 0; i < count; ++i) builder.append("m" + std::to_string(i), i);
    const Document distinct = builder.finish();
    require_distinct(distinct, "w");
    for (int again = 0; again < count; ++again) {
      const Document repeated =
          builder.append_all(distinct).append("m" + std::to_string(again), 0).finish();
      const Refusal refusal = refusal_of([&] { require_distinct(repeated, "w"); });
      EXPECT_EQ(refusal.code, 40413);
      EXPECT_THAT(refusal.text, HasSubstr("'w.m" + std::to_string(again) + "'"));
    }
  }
}

}  // namespace
}  // namespace quern::bson
