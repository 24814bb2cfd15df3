// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: an encrypted subdocument is one ciphertext: there are no paths inside it.
#include "clinic.h"

auto bad = quern::f(&clinic::Patient::patient_record, &clinic::PatientRecord::billing,
                    &clinic::Billing::cc_type);
