// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: a model is a plain struct: public members only, no constructors, no virtual
#include "clinic.h"

struct Bad {
  quern::Id id{};

 private:
  int hidden = 0;
};
auto bad(quern::ModelSession& db) { return db.objects<Bad>(); }
