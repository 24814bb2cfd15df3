// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: floating-point and Decimal values cannot be queried by equality: leave the query type out.
#include "clinic.h"

quern::Encrypted<quern::Decimal<10, 2>, quern::equality> bad;
