// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: what limit() or offset() has cut can only be read: filter, order or write before
#include "clinic.h"

void bad(quern::ModelSession& db) { db.objects<clinic::Patient>().limit(5).remove(); }
