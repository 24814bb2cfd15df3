// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "storage/store.h"

#include "quern/base/error.h"

namespace quern::storage {

void Store::check_writable() const {
  if (!read_only()) return;
  throw DatabaseError(ErrorCode::kIllegalOperation,
                      "the database is open for reading only (read_only): nothing can be written");
}

}  // namespace quern::storage
