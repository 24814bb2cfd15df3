// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: this encrypted field does not support <, <=, >, >= or between(): declare it with
// quern::range
#include "clinic.h"

auto bad = between(clinic::age, 18, 65);
