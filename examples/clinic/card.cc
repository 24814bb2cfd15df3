// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "clinic/card.h"

#include <algorithm>

namespace clinic {
namespace {

// The sum of the digits, every second one from the right doubled and, above nine, less nine.
int luhn_sum(std::string_view digits) {
  int sum = 0;
  bool doubled = false;
  for (auto it = digits.rbegin(); it != digits.rend(); ++it) {
    int digit = *it - '0';
    if (doubled) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
    doubled = !doubled;
  }
  return sum;
}

}  // namespace

bool is_card_number(std::string_view text) {
  return text.size() >= 12 && text.size() <= 19 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }) &&
         luhn_sum(text) % 10 == 0;
}

std::string with_check_digit(std::string digits) {
  digits += '0';
  digits.back() = static_cast<char>('0' + (10 - luhn_sum(digits) % 10) % 10);
  return digits;
}

}  // namespace clinic
