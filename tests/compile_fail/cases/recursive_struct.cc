// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: a model struct cannot contain itself.
#include "clinic.h"

struct Bad {
  quern::Id id{};
  std::vector<Bad> children;
};
const auto& bad = quern::model_info<Bad>();
