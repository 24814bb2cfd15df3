// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The right use of what the cases misuse: it compiles, so the cases fail for their own reason.
#include <iostream>

#include "clinic.h"

using namespace clinic;
using quern::f;

struct Indexed {
  quern::Id id{};
  quern::Char<20> title;
  quern::Encrypted<std::int64_t, quern::equality(quern::contention(4))> number;
  quern::Encrypted<std::string, quern::wipe> text;
  std::optional<PatientRecord> record;

  struct Meta {
    static auto indexes() { return quern::Indexes{quern::index(&Indexed::title)}; }
    static auto constraints() { return quern::Constraints{quern::unique(&Indexed::title)}; }
    static auto ordering() { return quern::Ordering{quern::desc(&Indexed::title)}; }
  };
};

void use(quern::ModelSession& db) {
  const auto patients = db.objects<Patient>();
  (void)patients.filter(ssn == "5" && (ssn != "6" || in(ssn, {"7", "8"})) && !(age == 9)).count();
  (void)patients.filter(name < "b" && contains(name, "a") && is_null(f(&Patient::nickname)));
  (void)patients.filter(f(&Patient::visits, &Visit::minutes) > 5);
  (void)patients.filter(name == "x").order_by(name, desc(name)).limit(5).to_vector();
  (void)patients.values_list(ssn, name);
  (void)patients.update_each(set(ssn, "5"), set(billing, Billing{}), set(name, "x"));
  (void)patients.filter("x" == name && 5 > f(&Patient::patient_id) && "5" != ssn);
  (void)patients.filter(name == "x")
      .limit(5)
      .offset(1)
      .values_list(f(&Patient::patient_record, &PatientRecord::notes));
  (void)db.objects<Doctor>().update(set(&Doctor::name, "x"));
  Doctor doctor;
  db.save(doctor, {.only = {&Doctor::name}});
  (void)db.transaction([&](quern::Transaction&) -> Doctor& { return doctor; });
  (void)db.objects<Indexed>().first();
  const Patient patient = patients.get(ssn == "5");
  std::cout << patient.patient_record.ssn << *patient.patient_record.ssn;
}
