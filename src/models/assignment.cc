// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/assignment.h"

#include <utility>

namespace quern::internal {

AssignedValue::AssignedValue(const ValueType& type, const void* from, std::string_view to,
                             bool secret)
    : path(to) {
  Faults found;
  {
    const Faults::Scope scope(found, path, secret);
    type.validate(from, found);
  }
  faults = std::move(found).take();
  if (faults.empty()) value = encode_value(type, from, path, secret);
}

AssignedValue::AssignedValue(const AssignedValue&) = default;
AssignedValue& AssignedValue::operator=(const AssignedValue&) = default;
AssignedValue::~AssignedValue() = default;

std::vector<NewValue> new_values(std::initializer_list<const AssignedValue*> values) {
  FaultMap faults;
  std::vector<NewValue> result;
  for (const AssignedValue* value : values) {
    faults.insert(value->faults.begin(), value->faults.end());
    result.push_back({value->path, value->value});
  }
  if (!faults.empty()) throw ValidationError(std::move(faults));
  return result;
}

}  // namespace quern::internal
