// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: Encrypted fields do not support null: use Encrypted<T>, not std::optional<Encrypted<T>>.
#include "clinic.h"

struct Bad {
  quern::Id id{};
  std::optional<quern::Encrypted<int>> value;
};
const auto& bad = quern::model_info<Bad>();
