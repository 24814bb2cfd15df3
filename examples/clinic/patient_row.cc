// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "clinic/patient_row.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "clinic/card.h"

namespace clinic {
namespace {

bool is_ssn(std::string_view text) {
  constexpr std::string_view kShape = "ddd-dd-dddd";
  return text.size() == kShape.size() &&
         std::equal(text.begin(), text.end(), kShape.begin(), [](char c, char shape) {
           return shape == 'd' ? c >= '0' && c <= '9' : c == shape;
         });
}

}  // namespace

std::vector<std::string> faults_of(const myapp::Patient& patient) {
  std::vector<std::string> faults;
  const myapp::PatientRecord& record = patient.patient_record;
  if (!is_ssn(*record.ssn)) faults.push_back("patient_record.ssn: must look like 123-45-6789");
  if (!is_card_number(record.billing->cc_number)) {
    faults.push_back("patient_record.billing.cc_number: is no card number");
  }
  if (record.bill_amount < 0) faults.push_back("patient_record.bill_amount: must not be negative");
  try {
    quern::validate(patient);
  } catch (const quern::ValidationError& invalid) {
    for (const auto& [path, messages] : invalid.faults()) {
      for (const std::string& message : messages) {
        faults.push_back(fmt::format("{}: {}", path, message));
      }
    }
  }
  return faults;
}

bool parse_patient(const CsvRow& row, myapp::Patient& patient, std::vector<std::string>& faults) {
  faults.clear();
  if (!row.error.empty()) {
    faults.push_back(row.error);
    return false;
  }
  if (row.fields.size() != std::size(kColumns)) {
    faults.push_back(
        fmt::format("has {} fields instead of {}", row.fields.size(), std::size(kColumns)));
    return false;
  }
  patient = {};
  patient.name = row.fields[0];
  const std::string& id = row.fields[1];
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), patient.patient_id);
  if (error != std::errc() || end != id.data() + id.size() || patient.patient_id < 1) {
    faults.push_back("patient_id: must be a whole number above 0");
  }
  patient.patient_record.ssn = row.fields[2];
  patient.patient_record.billing =
      myapp::Billing{.cc_type = row.fields[3], .cc_number = row.fields[4]};
  try {
    patient.patient_record.bill_amount = row.fields[5];
  } catch (const quern::Error&) {
    faults.push_back("patient_record.bill_amount: must be an amount such as 250.75");
  }
  const std::vector<std::string> more = faults_of(patient);
  faults.insert(faults.end(), more.begin(), more.end());
  return faults.empty();
}

}  // namespace clinic
