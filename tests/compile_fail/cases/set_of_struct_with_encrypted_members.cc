// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: a struct with encrypted members cannot be set as a whole: set its members
#include "clinic.h"

auto bad = set(quern::f(&clinic::Patient::patient_record), clinic::PatientRecord{});
