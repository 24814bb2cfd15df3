// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: a model is a plain struct: public members only, no constructors, no virtual
#include "clinic.h"

struct Bad {
  quern::Id id{};
  virtual void act() {}
};
const auto& bad = quern::model_info<Bad>();
