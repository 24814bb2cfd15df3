// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: a duration is stored in whole milliseconds: use std::chrono::milliseconds or coarser
#include "clinic.h"

struct Bad {
  quern::Id id{};
  std::chrono::microseconds value{};
};
const auto& bad = quern::model_info<Bad>();
