// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: this version of Quern does not support prefix, suffix and substring queries on encrypted
// fields
#include "clinic.h"

quern::Encrypted<std::string, quern::prefix(2, 10)> bad;
