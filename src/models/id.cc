// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/id.h"

#include <ostream>

namespace quern {

std::ostream& operator<<(std::ostream& out, const Id& id) { return out << id.to_string(); }

}  // namespace quern
