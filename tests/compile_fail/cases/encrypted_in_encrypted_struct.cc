// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: encrypted embedded models cannot contain encrypted fields: the whole subdocument is
// encrypted already.
#include "clinic.h"

struct Bad {
  quern::Id id{};
  quern::Encrypted<clinic::PatientRecord> record;
};
const auto& bad = quern::model_info<Bad>();
