// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What a new value of an update holds.
#ifndef QUERN_MODELS_ASSIGNED_VALUE_H_
#define QUERN_MODELS_ASSIGNED_VALUE_H_

#include <string>

#include "quern/bson/document.h"
#include "quern/models/assignment.h"
#include "quern/models/validation_error.h"

namespace quern::internal {

struct AssignedValue::State {
  std::string path;
  bson::Value value;
  FaultMap faults;
};

}  // namespace quern::internal

#endif  // QUERN_MODELS_ASSIGNED_VALUE_H_
