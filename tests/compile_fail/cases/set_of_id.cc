// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: the Id of a stored object cannot be set
#include "clinic.h"

auto bad = set(quern::f(&clinic::Patient::id), quern::Id{});
