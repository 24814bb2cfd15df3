// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: values_list() cannot step through a vector
#include "clinic.h"

auto bad(quern::ModelSession& db) {
  return db.objects<clinic::Patient>().values_list(
      quern::f(&clinic::Patient::visits, &clinic::Visit::room));
}
