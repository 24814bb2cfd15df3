// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: includes() needs a field that is a vector
#include "clinic.h"

auto bad = includes(clinic::name, "x");
