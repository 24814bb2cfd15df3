// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: give a field one query type: leave quern::range out.
#include "clinic.h"

quern::Encrypted<int, quern::equality, quern::range> bad;
