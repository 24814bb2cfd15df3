// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: Encrypted fields do not support unique.
#include "clinic.h"

auto bad = quern::unique(clinic::ssn);
