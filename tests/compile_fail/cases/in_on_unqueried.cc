// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: this encrypted field is not queryable: declare it with quern::equality
#include "clinic.h"

auto bad = in(clinic::notes, {"x"});
