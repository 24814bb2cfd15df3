// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: give each option of Encrypted<T, ...> once.
#include "clinic.h"

using quern::contention, quern::equality;
quern::Encrypted<std::string, equality(contention(0)), equality(contention(8))> bad;
