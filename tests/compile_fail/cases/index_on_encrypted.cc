// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: Encrypted fields do not support db_index.
#include "clinic.h"

auto bad = quern::index(clinic::ssn);
