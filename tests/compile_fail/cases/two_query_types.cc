// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: give a field one query type: quern::range already allows equality.
#include "clinic.h"

quern::Encrypted<int, quern::equality, quern::range> bad;
