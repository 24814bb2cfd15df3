// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: refresh() changes the object: it cannot be const, nor a temporary
#include "clinic.h"

void bad(quern::ModelSession& db, const clinic::Patient& patient) { db.refresh(patient); }
