// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: path step mismatch: the next member pointer must belong to the type of the previous
// member
#include "clinic.h"

auto bad = quern::f(&clinic::Patient::patient_record, &clinic::Billing::cc_type);
