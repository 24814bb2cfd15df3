// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: a model is a plain struct: public members only, no constructors, no virtual
#include "clinic.h"

struct Bad {
  Bad() {}
  quern::Id id{};
};
auto bad(quern::ModelSession& db) { return db.objects<Bad>(); }
