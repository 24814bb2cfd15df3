// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: an encrypted value has no hash: it would tell equal values from others
#include "clinic.h"

std::size_t bad(const quern::Encrypted<int>& secret) {
  return std::hash<quern::Encrypted<int>>()(secret);
}
