// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: this version of Quern does not support range queries on encrypted fields: use
#include "clinic.h"

quern::Encrypted<int, quern::equality, quern::range> bad;
