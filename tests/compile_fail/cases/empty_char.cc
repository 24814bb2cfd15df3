// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: Char<N> needs a positive length
#include "clinic.h"

quern::Char<0> bad;
