// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: this type cannot be stored: use a supported field type, or specialise quern::codec for
// it.
// name: Bad::value
#include "clinic.h"

struct Bad {
  quern::Id id{};
  int* value = nullptr;
};
const auto& bad = quern::model_info<Bad>();
