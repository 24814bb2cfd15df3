// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The clinic's models: plain structs.
#ifndef EXAMPLES_CLINIC_MODELS_H_
#define EXAMPLES_CLINIC_MODELS_H_

#include <cstdint>
#include <ostream>

#include "quern/quern.h"

namespace myapp {

struct Billing {  // no Id: it can only be embedded
  quern::Char<50> cc_type;
  quern::Char<20> cc_number;
};

struct PatientRecord {
  quern::Encrypted<quern::Char<11>, quern::equality> ssn;
  quern::Encrypted<Billing> billing;  // the whole subdocument
  quern::Decimal<10, 2> bill_amount;  // in the clear
};

struct Patient {
  quern::Id id{};  // makes it a collection
  quern::Char<255> name;
  std::int64_t patient_id = 0;
  PatientRecord patient_record;

  struct Meta {
    // The loader looks patients up by their numbers. A unique constraint would not do: its index
    // is partial, and the database does not use it to find values.
    static auto indexes() { return quern::Indexes{quern::index(&Patient::patient_id)}; }
  };

  friend std::ostream& operator<<(std::ostream& out, const Patient& patient) {
    return out << patient.name << " (" << patient.patient_id << ")";
  }
};

// How far the loader got with a file. It is saved together with the patients, in one transaction.
struct LoadPosition {
  quern::Id id{};
  quern::Char<64> file_digest;
  std::int64_t next_line = 0;
  std::int64_t next_offset = 0;
  std::int64_t loaded = 0;
  std::int64_t rejected = 0;
};

}  // namespace myapp

#endif  // EXAMPLES_CLINIC_MODELS_H_
