// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "clinic/generator.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

#include "clinic/patient_row.h"

namespace clinic {
namespace {

std::string generated(std::int64_t count, std::uint64_t seed = 1) {
  std::ostringstream out;
  generate_patients(out, count, seed);
  return out.str();
}

TEST(Generator, SameSeedSamePatients) {
  EXPECT_EQ(generated(200), generated(200));
  EXPECT_NE(generated(200, 1), generated(200, 2));
}

TEST(Generator, FirstPatientsAreTheSameForAnyCount) {
  EXPECT_EQ(generated(200).substr(0, generated(50).size()), generated(50));
}

TEST(Generator, EveryRowIsAValidPatientWithAnSsnOfItsOwn) {
  std::istringstream in(generated(10'000));
  CsvReader reader(in);
  CsvRow row;
  reader.next(row);
  std::set<std::string> ssns;
  std::map<std::string, int> names;
  std::vector<std::string> faults;
  myapp::Patient patient;
  while (reader.next(row)) {
    ASSERT_TRUE(parse_patient(row, patient, faults)) << row.line << ": " << faults.at(0);
    ssns.insert(*patient.patient_record.ssn);
    ++names[patient.name.substr(0, patient.name.find(' '))];
  }
  EXPECT_EQ(ssns.size(), 10'000u);
  EXPECT_GT(names["Maria"], 10 * names["Oluwaseun"]) << "few names are frequent, many are rare";
  EXPECT_GT(names["Oluwaseun"], 0);
}

TEST(Generator, SomeNamesNeedQuotes) {
  EXPECT_NE(generated(1000).find(", Jr.\""), std::string::npos);
  EXPECT_NE(generated(1000).find("\"\"Sunny\"\""), std::string::npos);
}

}  // namespace
}  // namespace clinic
