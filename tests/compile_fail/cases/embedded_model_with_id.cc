// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: a struct with a quern::Id is a collection of its own and cannot be embedded.
#include "clinic.h"

struct Bad {
  quern::Id id{};
  clinic::Doctor doctor;
};
const auto& bad = quern::model_info<Bad>();
