// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: has no member named 'filter'
#include "clinic.h"

auto bad(quern::ModelSession& db) {
  return db.objects<clinic::Patient>().limit(5).filter(clinic::name == "x");
}
