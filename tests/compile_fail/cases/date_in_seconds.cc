// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: dates are stored in milliseconds: use std::chrono::sys_time<std::chrono::milliseconds>
#include "clinic.h"

struct Bad {
  quern::Id id{};
  std::chrono::sys_seconds value{};
};
const auto& bad = quern::model_info<Bad>();
