// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: this field is an ObjectId, not an Id: compare it with id.value()
#include "clinic.h"

struct Referral {
  quern::Id id{};
  quern::ObjectId patient;
};
auto of(const clinic::Patient& patient) { return quern::f(&Referral::patient) == patient.id; }
