// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: a model has no C arrays: use std::string, std::vector or quern::Bytes.
#include "clinic.h"

struct Inner {
  int numbers[3] = {};
  bool known = false;
};
struct Bad {
  quern::Id id{};
  std::optional<Inner> inner;
};
const auto& bad = quern::model_info<Bad>();
