// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: is_null() needs a std::optional field: others are never null
#include "clinic.h"

auto bad = is_null(clinic::name);
