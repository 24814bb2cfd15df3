// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: a type with a quern::codec is a field, not a model.
#include "clinic.h"

struct Bad {
  quern::Id id{};
};
template <>
struct quern::codec<Bad> {
  using stored = std::string;
};
const auto& bad = quern::model_info<Bad>();
