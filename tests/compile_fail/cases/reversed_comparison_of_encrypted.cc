// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: this encrypted field does not support <, <=, >, >= or between(), and no query type of
#include "clinic.h"

auto bad = 5 < clinic::age;
