// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: set() cannot step through a vector: set the vector
#include "clinic.h"

auto bad = set(quern::f(&clinic::Patient::visits, &clinic::Visit::room), "1");
