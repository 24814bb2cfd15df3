// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The models that the cases misuse.
#ifndef QUERN_TESTS_COMPILE_FAIL_CLINIC_H_
#define QUERN_TESTS_COMPILE_FAIL_CLINIC_H_

#include "quern/models/models.h"

namespace clinic {

struct Billing {
  quern::Char<50> cc_type;
  quern::Char<20> cc_number;
};

struct PatientRecord {
  quern::Encrypted<quern::Char<11>, quern::equality> ssn;
  quern::Encrypted<Billing> billing;
  quern::Encrypted<std::string> notes;
  quern::Decimal<10, 2> bill_amount;
  quern::Encrypted<std::int32_t, quern::equality> age;
};

struct Visit {
  quern::Char<20> room;
  std::int32_t minutes = 0;
};

struct Patient {
  quern::Id id{};
  quern::Char<255> name;
  std::int64_t patient_id = 0;
  std::optional<std::string> nickname;
  PatientRecord patient_record;
  std::vector<Visit> visits;
};

struct Doctor {
  quern::Id id{};
  quern::Char<255> name;
};

inline const auto ssn = quern::f(&Patient::patient_record, &PatientRecord::ssn);
inline const auto billing = quern::f(&Patient::patient_record, &PatientRecord::billing);
inline const auto notes = quern::f(&Patient::patient_record, &PatientRecord::notes);
inline const auto age = quern::f(&Patient::patient_record, &PatientRecord::age);
inline const auto name = quern::f(&Patient::name);

}  // namespace clinic

#endif  // QUERN_TESTS_COMPILE_FAIL_CLINIC_H_
