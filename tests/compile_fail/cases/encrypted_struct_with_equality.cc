// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: Encrypted embedded models and arrays do not support queries: leave the query type
// expect: out.
#include "clinic.h"

quern::Encrypted<clinic::Billing, quern::equality> bad;
