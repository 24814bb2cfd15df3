// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Card numbers' check digit (ISO/IEC 7812-1, annex B: the Luhn formula).
#ifndef EXAMPLES_CLINIC_CARD_H_
#define EXAMPLES_CLINIC_CARD_H_

#include <string>
#include <string_view>

namespace clinic {

// 12 to 19 digits whose last one is right.
bool is_card_number(std::string_view text);
// The digits with their check digit behind.
std::string with_check_digit(std::string digits);

}  // namespace clinic

#endif  // EXAMPLES_CLINIC_CARD_H_
