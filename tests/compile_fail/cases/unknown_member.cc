// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: 'snn' is not a member of 'clinic::PatientRecord'
#include "clinic.h"

auto bad = quern::f(&clinic::Patient::patient_record, &clinic::PatientRecord::snn);
