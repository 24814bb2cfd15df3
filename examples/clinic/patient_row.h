// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// From a row of the CSV file to a patient.
#ifndef EXAMPLES_CLINIC_PATIENT_ROW_H_
#define EXAMPLES_CLINIC_PATIENT_ROW_H_

#include <string>
#include <string_view>
#include <vector>

#include "clinic/csv.h"
#include "clinic/models.h"

namespace clinic {

inline constexpr std::string_view kColumns[] = {"name",    "patient_id", "ssn",
                                                "cc_type", "cc_number",  "bill_amount"};

// What is wrong with a patient, one fault an entry; none: it may be saved. Faults name members,
// never the values of encrypted ones.
std::vector<std::string> faults_of(const myapp::Patient& patient);

// False with what is wrong with the row.
bool parse_patient(const CsvRow& row, myapp::Patient& patient, std::vector<std::string>& faults);

}  // namespace clinic

#endif  // EXAMPLES_CLINIC_PATIENT_ROW_H_
