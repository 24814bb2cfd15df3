// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: a model has no C arrays: use std::string, std::vector or quern::Bytes.
#include "clinic.h"

struct Bad {
  quern::Id id{};
  char code[5] = "";
};
auto bad(quern::ModelSession& db) { return db.objects<Bad>(); }
