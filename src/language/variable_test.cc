// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "language/variable.h"

#include <gtest/gtest.h>

#include "quern/base/error.h"
#include "quern/bson/json.h"

namespace quern::language {
namespace {

std::int32_t fault_of(const char* let) {
  try {
    check_let(bson::from_json(let));
  } catch (const Error& error) {
    return error.code();
  }
  return 0;
}

TEST(Variable, OfALetHasANameOfItsOwnThatVariablesMayHave) {
  EXPECT_EQ(fault_of(R"({"a": 1, "aB_9": 2, "é": 3})"), 0);
  EXPECT_NE(fault_of(R"({"a": 1, "a": 2})"), 0);
  EXPECT_EQ(fault_of(R"({"": 1})"), 16866);
  for (const char* let : {R"({"A": 1})", R"({"_": 1})", R"({"1": 1})", R"({"CURRENT": 1})"}) {
    EXPECT_EQ(fault_of(let), 16867) << let;
  }
  for (const char* let : {R"({"a.b": 1})", R"({"a-": 1})", R"({"a$": 1})"}) {
    EXPECT_EQ(fault_of(let), 16868) << let;
  }
}

TEST(Variable, CurrentIsANameElsewhere) {
  EXPECT_NO_THROW(check_variable_name("CURRENT"));
  EXPECT_THROW(check_variable_name("ROOT"), Error);
}

}  // namespace
}  // namespace quern::language
