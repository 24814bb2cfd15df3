// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: Meta::indexes must be a static function without parameters.
#include "clinic.h"

struct Bad {
  quern::Id id{};
  quern::Char<5> name;
  struct Meta {
    static inline const quern::Indexes indexes;
  };
};
const auto& bad = quern::model_info<Bad>();
