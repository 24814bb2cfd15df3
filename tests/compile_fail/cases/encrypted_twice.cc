// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: Encrypted<Encrypted<T>> makes no sense: one is enough.
#include "clinic.h"

quern::Encrypted<quern::Encrypted<int>> bad;
