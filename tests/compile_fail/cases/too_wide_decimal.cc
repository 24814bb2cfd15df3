// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: Decimal<M, P>: M must be between 1 and 34 digits
#include "clinic.h"

quern::Decimal<35, 2> bad;
