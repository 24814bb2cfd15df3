// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/validation_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "models/testing.h"

namespace quern {

namespace validation_test {
enum class Level { kLow, kHigh };
struct Even {
  std::int32_t number = 0;
};
}  // namespace validation_test
template <>
struct codec<validation_test::Even> {
  using stored = std::int32_t;
  static std::int32_t to_stored(const validation_test::Even& even) {
    if (even.number % 2 != 0) {
      throw Error(ErrorCode::kBadValue, std::to_string(even.number) + " is odd");
    }
    return even.number;
  }
  static validation_test::Even from_stored(std::int32_t number) { return {number}; }
};
template <>
inline constexpr auto choices<validation_test::Level> = named<validation_test::Level>(
    {{validation_test::Level::kLow, "low"}, {validation_test::Level::kHigh, "high"}});

namespace validation_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

template <class T>
struct One {
  T value{};
};

template <class T>
std::vector<std::string> faults_of(T value) {
  try {
    validate(One<T>{std::move(value)});
  } catch (const ValidationError& error) {
    EXPECT_EQ(error.faults().size(), 1U);
    return error.faults().begin()->second;
  }
  return {};
}

TEST(Validation, CountsCharactersNotBytes) {
  EXPECT_THAT(faults_of(Char<3>("äöü")), IsEmpty());
  EXPECT_THAT(faults_of(Char<3>("äöüß")),
              ElementsAre("Ensure this value has at most 3 characters (it has 4)."));
  EXPECT_THAT(faults_of(Char<1>("ab")),
              ElementsAre("Ensure this value has at most 1 character (it has 2)."));
}

TEST(Validation, RefusesBlankCharUnlessAllowed) {
  EXPECT_THAT(faults_of(Char<3>()), ElementsAre("This field cannot be blank."));
  EXPECT_THAT(faults_of(Char<3, allow_blank>()), IsEmpty());
  EXPECT_THAT(faults_of(std::string()), IsEmpty());
}

TEST(Validation, RefusesTextThatIsNotUtf8) {
  for (const char* text :
       {"\xff", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3", "a\x80"}) {
    EXPECT_THAT(faults_of(std::string(text)), ElementsAre("Ensure this value is valid UTF-8."));
  }
  EXPECT_THAT(faults_of(std::string("\xF0\x9F\x98\x80 \xEF\xBF\xBD")), IsEmpty());
}

TEST(Validation, ChecksTheDigitsOfDecimals) {
  using D = Decimal<5, 2>;
  EXPECT_THAT(faults_of(D("123.45")), IsEmpty());
  EXPECT_THAT(faults_of(D("1.234")),
              ElementsAre("Ensure that there are no more than 2 decimal places."));
  EXPECT_THAT(faults_of(D("1234.5")),
              ElementsAre("Ensure that there are no more than 3 digits before the decimal point."));
  EXPECT_THAT(faults_of(D("1234567")),
              ElementsAre("Ensure that there are no more than 5 digits in total."));
  EXPECT_THAT(faults_of(D("123456.789")),
              ElementsAre("Ensure that there are no more than 2 decimal places.",
                          "Ensure that there are no more than 5 digits in total."));
}

TEST(Validation, RefusesDatesOutsideTheYears1To9999) {
  using namespace std::chrono;
  EXPECT_THAT(faults_of(year(2023) / 2 / 29), ElementsAre("Enter a valid date."));
  EXPECT_THAT(faults_of(year_month_day(year(0) / 1 / 1)),
              ElementsAre("Ensure this date is between the years 1 and 9999."));
  EXPECT_THAT(faults_of(sys_time<milliseconds>::max()),
              ElementsAre("Ensure this date is between the years 1 and 9999."));
}

TEST(Validation, RefusesEnumValuesWithoutAName) {
  EXPECT_THAT(faults_of(Level::kHigh), IsEmpty());
  EXPECT_THAT(faults_of(static_cast<Level>(7)), ElementsAre("Value 7 is not a valid choice."));
  EXPECT_THAT(faults_of(Encrypted<Level>(static_cast<Level>(7))),
              ElementsAre("The value is not a valid choice."));
}

TEST(Validation, TakesWhatACodecThrowsAsAFault) {
  EXPECT_THAT(faults_of(Even{4}), IsEmpty());
  EXPECT_THAT(faults_of(Even{5}), ElementsAre("5 is odd"));
  EXPECT_THAT(faults_of(Encrypted<Even>(Even{5})), ElementsAre("Enter a valid value."));
}

TEST(Validation, TakesWhatIsNoErrorOfOursAsAFault) {
  EXPECT_THAT(faults_of(testing::Price{-977}), ElementsAre("negative: -977"));
  EXPECT_THAT(faults_of(Encrypted<testing::Price>(testing::Price{-977})),
              ElementsAre("Enter a valid value."));
}

TEST(Validation, RefusesDurationsThatOverflow) {
  EXPECT_THAT(faults_of(std::chrono::hours(std::numeric_limits<std::int64_t>::max())),
              ElementsAre("Ensure this duration fits 64 bits of milliseconds."));
}

struct Contact {
  Char<5> kind;
};
struct Person {
  Id id{};
  Char<4> name;
  std::vector<Contact> contacts;
  testing::PatientRecord record;
};

TEST(Validation, CollectsAllFaultsByPath) {
  const Person person{.name = "Johnny",
                      .contacts = {{"home"}, {"office"}},
                      .record = {.ssn = "123-45-67890",
                                 .billing = testing::Billing{.cc_type = "Visa", .cc_number = ""},
                                 .bill_amount = "1.001"}};
  try {
    validate(person);
    FAIL() << "no ValidationError";
  } catch (const ValidationError& error) {
    EXPECT_THAT(
        error.faults(),
        ElementsAre(
            Pair("contacts.1.kind",
                 ElementsAre("Ensure this value has at most 5 characters (it has 6).")),
            Pair("name", ElementsAre("Ensure this value has at most 4 characters (it has 6).")),
            Pair("record.bill_amount",
                 ElementsAre("Ensure that there are no more than 2 decimal places.")),
            Pair("record.billing.cc_number", ElementsAre("This field cannot be blank.")),
            Pair("record.ssn",
                 ElementsAre("Ensure this value has at most 11 characters (it has 12)."))));
    EXPECT_THAT(error.what(), ::testing::Not(::testing::HasSubstr("123-45")));
    EXPECT_EQ(error.code(), 121);
  }
}

TEST(Validation, RendersFaultsAsOneLine) {
  const ValidationError error({{"a", {"One.", "Two."}}, {"b.c", {"Three."}}});
  EXPECT_STREQ(error.what(), R"({"a": ["One.", "Two."], "b.c": ["Three."]})");
}

}  // namespace
}  // namespace validation_test
}  // namespace quern
