// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: an Id cannot be encrypted: it is the primary key.
#include "clinic.h"

quern::Encrypted<quern::Id> bad;
