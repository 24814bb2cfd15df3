// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: this path is of another model
#include "clinic.h"

auto bad(quern::ModelSession& db) {
  return db.objects<clinic::Patient>().order_by(&clinic::Doctor::name);
}
