// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: arrays cannot contain encrypted fields: encrypt the whole array,
// quern::Encrypted<std::vector<T>>.
#include "clinic.h"

struct Bad {
  quern::Id id{};
  std::vector<clinic::PatientRecord> records;
};
const auto& bad = quern::model_info<Bad>();
