// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: text conditions need a field of text
#include "clinic.h"

auto bad = startswith(quern::f(&clinic::Patient::patient_id), "5");
