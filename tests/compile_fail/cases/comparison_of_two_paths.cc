// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: this field cannot be compared with a value of that type
#include "clinic.h"

auto bad = clinic::name == clinic::name;
