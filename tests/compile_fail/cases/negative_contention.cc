// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: contention must be 0 or greater.
#include "clinic.h"

quern::Encrypted<int, quern::equality(quern::contention(-5))> bad;
