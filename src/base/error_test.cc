// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/base/error.h"

#include <gtest/gtest.h>

namespace quern {
namespace {

TEST(Error, HasMongoDbsCodeAndName) {
  const Error error(ErrorCode::kNamespaceNotFound, "ns not found");
  EXPECT_EQ(error.code(), 26);
  EXPECT_EQ(error.code_name(), "NamespaceNotFound");
  EXPECT_EQ(Error(50768, "").code_name(), "NotARetryableWriteCommand");
}

TEST(Error, CodesWithoutANameAreLocations) {
  EXPECT_EQ(Error(6338401, "x").code_name(), "Location6338401");
  EXPECT_EQ(Error(ErrorCode::kUnknownField, "x").code_name(), "Location40415");
}

TEST(Error, LabelsAreKeptOnce) {
  Error error(ErrorCode::kWriteConflict, "x");
  error.add_label("TransientTransactionError").add_label("TransientTransactionError");
  EXPECT_EQ(error.labels().size(), 1u);
  EXPECT_TRUE(error.has_label("TransientTransactionError"));
}

}  // namespace
}  // namespace quern
