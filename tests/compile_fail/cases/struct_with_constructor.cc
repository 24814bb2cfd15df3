// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: a model is a plain struct: no base class, no constructors.
#include "clinic.h"

struct Bad {
  Bad() {}
  quern::Id id{};
};
const auto& bad = quern::model_info<Bad>();
