// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: contention belongs to a query type: quern::equality(quern::contention(n)).
#include "clinic.h"

quern::Encrypted<int, quern::contention(4)> bad;
