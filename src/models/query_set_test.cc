// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/query_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/testing.h"

namespace quern::testing {
namespace {

using ::testing::ElementsAre;

TEST(QuerySet, GetSendsAFindLimitedTo21) {
  RecordingSession db;
  const auto ssn = f(&Patient::patient_record, &PatientRecord::ssn);
  EXPECT_THROW(db.objects<Patient>().get(ssn == "123-45-6789"), DoesNotExist<Patient>);
  EXPECT_THAT(db.runner.commands,
              ElementsAre(R"(encrypted_db: { "find" : "myapp_patient", "filter" : )"));
}

TEST(Session, SaveInserts) {
  RecordingSession db;
  Patient p = john();
  db.save(p);
  EXPECT_THAT(db.runner.commands, ElementsAre(""));
}

}  // namespace
}  // namespace quern::testing
