// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: this struct has no quern::Id member: it can only be embedded.
#include "clinic.h"

void bad(quern::ModelSession& db, clinic::Billing& billing) { db.save(billing); }
