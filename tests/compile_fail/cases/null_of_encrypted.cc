// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: is_null() does not work on an encrypted field
#include "clinic.h"

auto bad = is_null(clinic::ssn);
