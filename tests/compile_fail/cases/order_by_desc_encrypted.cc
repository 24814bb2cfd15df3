// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: order_by() does not work on an encrypted field
#include "clinic.h"

auto bad = desc(clinic::ssn);
