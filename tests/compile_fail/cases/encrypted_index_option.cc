// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: Encrypted fields do not support db_index.
#include "clinic.h"

quern::Encrypted<std::string, quern::db_index> bad;
