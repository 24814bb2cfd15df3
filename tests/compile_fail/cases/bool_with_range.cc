// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: quern::range needs an integer, floating-point, Decimal or date type; use quern::equality.
#include "clinic.h"

quern::Encrypted<bool, quern::range> bad;
