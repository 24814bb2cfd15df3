// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: a struct with encrypted members cannot be compared as a whole: compare its members
#include "clinic.h"

auto bad = quern::f(&clinic::Patient::patient_record) == clinic::PatientRecord{};
