// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: this field holds ObjectIds, not Ids: compare it with id.value()
#include "clinic.h"

struct Ward {
  quern::Id id{};
  std::vector<quern::ObjectId> patients;
};
auto holding(const clinic::Patient& patient) {
  return quern::includes(quern::f(&Ward::patients), patient.id);
}
