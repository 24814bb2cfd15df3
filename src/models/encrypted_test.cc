// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/encrypted.h"

#include <gtest/gtest.h>

#include <cstring>
#include <sstream>
#include <type_traits>

#include "models/testing.h"

namespace quern {
namespace {

TEST(Encrypted, IsMadeFromItsValueAndGivesItBackWhenAsked) {
  Encrypted<Char<11>, equality> ssn = "123-45-6789";
  EXPECT_EQ(*ssn, "123-45-6789");
  EXPECT_EQ(ssn->size(), 11U);
  EXPECT_EQ(static_cast<const Char<11>&>(ssn), "123-45-6789");
  ssn = "987-65-4321";
  EXPECT_EQ(*ssn, "987-65-4321");
}

TEST(Encrypted, DoesNotConvertByAccident) {
  using Ssn = Encrypted<std::string, equality>;
  static_assert(!std::is_convertible_v<Ssn, std::string>);
  static_assert(!std::is_convertible_v<Encrypted<int>, int>);
}

TEST(Encrypted, RefusesNumbersThatDoNotFit) {
  EXPECT_THROW((Encrypted<std::int32_t>(5'000'000'000)), Error);
  EXPECT_THROW((Encrypted<std::uint32_t>(-1)), Error);
  static_assert(!std::is_constructible_v<Encrypted<int>, double>);
  static_assert(!std::is_constructible_v<Encrypted<bool>, const char*>);
  static_assert(!std::is_constructible_v<Encrypted<std::vector<int>>, int>);
}

TEST(Encrypted, PrintsNothingOfItsValue) {
  std::ostringstream out;
  out << Encrypted<std::string>("secret") << " " << Encrypted<int>(42);
  EXPECT_EQ(out.str(), "<encrypted> <encrypted>");
}

TEST(Encrypted, ComparesWithItsKindAndWithPlainValues) {
  using Age = Encrypted<std::int32_t, equality>;
  EXPECT_EQ(Age(42), Age(42));
  EXPECT_NE(Age(42), Age(43));
  EXPECT_TRUE(Age(42) == 42);
}

TEST(Encrypted, WithWipeOverwritesItsTextWhenItGoes) {
  using Notes = Encrypted<std::string, wipe>;
  alignas(Notes) unsigned char memory[sizeof(Notes)];
  auto* notes = new (memory) Notes("short");  // kept inside the string object
  const char* text = (*notes)->data();
  ASSERT_EQ(std::memcmp(text, "short", 5), 0);
  notes->~Notes();
  EXPECT_NE(std::memcmp(text, "short", 5), 0);
}

TEST(Encrypted, WithWipeLeavesNothingBehindWhenMoved) {
  using Notes = Encrypted<std::string, wipe>;
  Notes from = "short";
  const char* text = from->data();
  Notes to = std::move(from);
  EXPECT_EQ(*to, "short");
  EXPECT_NE(std::memcmp(text, "short", 5), 0);
  Notes other = "other";
  other = std::move(to);
  EXPECT_EQ(*other, "short");
  const Notes copy = other;
  EXPECT_EQ(*copy, *other);
}

TEST(Encrypted, WithWipeReachesTheMembersOfAStruct) {
  using Card = Encrypted<testing::Billing, wipe>;
  Card card = testing::Billing{.cc_type = "Visa", .cc_number = "4111"};
  const char* number = card->cc_number.data();
  { const Card gone = std::move(card); }
  EXPECT_NE(std::memcmp(number, "4111", 4), 0);
}

}  // namespace
}  // namespace quern
