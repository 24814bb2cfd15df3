// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "clinic/card.h"

#include <gtest/gtest.h>

namespace clinic {
namespace {

TEST(CardNumber, PublishedTestNumbersAreRight) {
  for (const char* number :
       {"4111111111111111", "5555555555554444", "378282246310005", "6011111111111117"}) {
    EXPECT_TRUE(is_card_number(number)) << number;
  }
}

TEST(CardNumber, OneWrongOrSwappedDigitIsNoticed) {
  EXPECT_FALSE(is_card_number("4111111111111112"));
  EXPECT_FALSE(is_card_number("5555555555554484"));
}

TEST(CardNumber, OtherTextIsNone) {
  EXPECT_FALSE(is_card_number(""));
  EXPECT_FALSE(is_card_number("4111-1111-1111-1111"));
  EXPECT_FALSE(is_card_number("0000000000"));
}

TEST(CardNumber, CheckDigitMakesItRight) {
  EXPECT_EQ(with_check_digit("411111111111111"), "4111111111111111");
  EXPECT_EQ(with_check_digit("37828224631000"), "378282246310005");
}

}  // namespace
}  // namespace clinic
