// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: save() sets the Id: the object cannot be const, nor a temporary
#include "clinic.h"

void bad(quern::ModelSession& db, const clinic::Patient& patient) { db.save(patient); }
