// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: text conditions do not work on an encrypted field: only ==, != and in() do
#include "clinic.h"

auto bad = contains(clinic::ssn, "5");
