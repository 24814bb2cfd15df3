// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: Decimal<M, P>: P must be between 0 and M
#include "clinic.h"

quern::Decimal<5, 6> bad;
