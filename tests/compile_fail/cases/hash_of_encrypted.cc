// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: use of deleted function
#include "clinic.h"

std::size_t bad(const quern::Encrypted<int>& secret) {
  return std::hash<quern::Encrypted<int>>()(secret);
}
