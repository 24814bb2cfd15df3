// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/catalog/access.h"

#include "quern/base/error.h"

namespace quern::engine {

void throw_max_time_expired() {
  throw DatabaseError(ErrorCode::kMaxTimeMSExpired, "operation exceeded time limit");
}

}  // namespace quern::engine
