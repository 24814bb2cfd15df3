// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: this version of Quern does not support range queries on encrypted fields: use
// quern::equality, or leave quern::range out.
#include "clinic.h"

quern::Encrypted<std::int32_t, quern::range(0, 150)> bad;
