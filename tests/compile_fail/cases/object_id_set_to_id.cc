// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: this field is an ObjectId, not an Id: set it to id.value()
#include "clinic.h"

struct Referral {
  quern::Id id{};
  std::optional<quern::ObjectId> patient;
};
auto to(const clinic::Patient& patient) { return quern::set(&Referral::patient, patient.id); }
