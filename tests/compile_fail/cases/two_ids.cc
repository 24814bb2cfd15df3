// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: a model has one quern::Id.
#include "clinic.h"

struct Bad {
  quern::Id id{};
  quern::Id other{};
};
const auto& bad = quern::model_info<Bad>();
