// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: what limit() or offset() has cut can only be read: filter, order or write before
#include "clinic.h"

auto bad(quern::ModelSession& db) {
  return db.objects<clinic::Patient>().limit(5).filter(clinic::name == "x").count();
}
