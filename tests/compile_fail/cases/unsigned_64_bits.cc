// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: std::uint64_t does not fit BSON's long: use std::int64_t.
// name: Bad::value
#include "clinic.h"

struct Bad {
  quern::Id id{};
  std::uint64_t value = 0;
};
const auto& bad = quern::model_info<Bad>();
