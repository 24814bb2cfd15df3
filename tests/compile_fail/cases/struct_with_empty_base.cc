// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: a model has no base class: make what they share a struct of its own
#include "clinic.h"

struct Marker {};
struct Bad : Marker {
  quern::Id id{};
};
auto bad = quern::f(&Bad::id);
