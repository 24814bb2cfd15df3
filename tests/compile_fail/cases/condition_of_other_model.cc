// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: {aka 'quern::Expr<clinic::Billing>'} to 'const quern::Expr<clinic::Patient>&'
#include "clinic.h"

auto bad(quern::ModelSession& db) {
  return db.objects<clinic::Patient>().filter(quern::f(&clinic::Billing::cc_type) == "Visa");
}
