// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: Encrypted fields do not support unique.
#include "clinic.h"

quern::Encrypted<std::string, quern::unique> bad;
