// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: this encrypted field does not support <, <=, >, >= or between(), and no query type of
// expect: this version does: read the objects and compare in the application
#include "clinic.h"

auto bad = clinic::ssn < "5";
