// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: this field cannot be set to a value of that type
#include "clinic.h"

auto bad = set(clinic::name, 5);
