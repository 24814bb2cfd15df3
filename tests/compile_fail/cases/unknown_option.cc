// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: Encrypted<T, ...> takes the options quern::equality and quern::wipe.
#include "clinic.h"

quern::Encrypted<int, 5> bad;
