// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/assignment.h"

#include <utility>

#include "models/assigned_value.h"
#include "models/filter.h"

namespace quern::internal {

AssignedValue::AssignedValue(const ValueType& type, const void* from, std::string_view to,
                             bool secret)
    : state_(new State{std::string(to), {}, {}}) {
  try {
    Faults found;
    {
      const Faults::Scope scope(found, to, secret);
      type.validate(from, found);
    }
    state_->faults = std::move(found).take();
    if (state_->faults.empty()) state_->value = encode_value(type, from, to, secret);
  } catch (...) {
    delete state_;
    throw;
  }
}

AssignedValue::AssignedValue(const AssignedValue& other) : state_(new State(*other.state_)) {}
AssignedValue& AssignedValue::operator=(const AssignedValue& other) {
  if (this != &other) *state_ = *other.state_;
  return *this;
}
AssignedValue::~AssignedValue() { delete state_; }

void refuse_faults(AssignedValues values) {
  FaultMap faults;
  for (const AssignedValue* value : values) {
    faults.insert(value->state().faults.begin(), value->state().faults.end());
  }
  if (!faults.empty()) throw ValidationError(std::move(faults));
}

}  // namespace quern::internal
