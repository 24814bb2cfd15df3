// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Answers in batches: the "cursor" member of a reply, and the client cursor for what remains.
#ifndef QUERN_ENGINE_READ_BATCH_H_
#define QUERN_ENGINE_READ_BATCH_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/session/cursors.h"
#include "engine/session/operation.h"
#include "quern/bson/document.h"
#include "query/pipeline/stream.h"

namespace quern::engine {

// How many documents a first batch has when the client doesn't say.
inline constexpr std::int64_t kDefaultBatch = 101;
// A batch ends before it grows beyond this many bytes, but holds at least one document; in a
// multi-document transaction with the document by which it grows beyond.
inline constexpr std::size_t kMaxBatchBytes = 16 * 1024 * 1024;

struct BatchRequest {
  std::optional<std::int64_t> size;  // documents; none: as many as fit (kDefaultBatch at first)
  bool single = false;               // drop what does not fit
};

// Writes cursor: {firstBatch: […], id, ns} and keeps what remains as a client cursor. context may
// be null when stream holds its documents itself.
void write_first_batch(Operation& operation, bson::Builder& reply, const std::string& ns,
                       std::shared_ptr<QueryContext> context,
                       std::unique_ptr<query::DocumentStream> stream, const BatchRequest& request);

// cursor: {nextBatch: […], id, ns} of a cursor that was taken from the engine's; it is given back
// unless it is used up.
void write_next_batch(Operation& operation, bson::Builder& reply,
                      std::unique_ptr<ClientCursor> cursor, const BatchRequest& request);

}  // namespace quern::engine

#endif  // QUERN_ENGINE_READ_BATCH_H_
