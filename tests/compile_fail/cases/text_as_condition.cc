// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: a condition of this model is expected, such as quern::f(&Model::member) == value
#include "clinic.h"

auto bad(quern::ModelSession& db) { return db.objects<clinic::Patient>().get("Ann"); }
