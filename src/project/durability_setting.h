// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The `durability` of a database as the embedded engine takes it.
#ifndef QUERN_PROJECT_DURABILITY_SETTING_H_
#define QUERN_PROJECT_DURABILITY_SETTING_H_

#include <string_view>

#include "storage/durability.h"

namespace quern {

// "always", "never", "<N>ms"; empty: the engine's default. Throws ImproperlyConfigured.
storage::Durability parse_durability(std::string_view text);

}  // namespace quern

#endif  // QUERN_PROJECT_DURABILITY_SETTING_H_
