// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What update_each() and bulk_create() of a query set take, and how far they come.
#ifndef QUERN_MODELS_BULK_OPTIONS_H_
#define QUERN_MODELS_BULK_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "quern/base/callback.h"
#include "quern/base/object_id.h"

namespace quern {

// How far an update_each is. After an interruption, `last` continues it.
struct UpdateProgress {
  std::int64_t matched = 0;   // documents that were found
  std::int64_t modified = 0;  // documents that changed
  std::optional<ObjectId> last;
};

struct UpdateEachOptions {
  // Skip objects up to this id: UpdateProgress::last of an earlier run.
  std::optional<ObjectId> after{};
  Callback<const UpdateProgress&> progress{};  // called after every document
};

struct BulkCreateOptions {
  std::size_t batch_size = 1000;  // objects a command
  // All or none, by a transaction. Without, what was inserted before an error stays; a transaction
  // around it makes all of that one unit anyway.
  bool atomic = true;
};

}  // namespace quern

#endif  // QUERN_MODELS_BULK_OPTIONS_H_
