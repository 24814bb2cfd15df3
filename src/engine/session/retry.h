// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Runs a write body as one storage transaction, again after every write conflict.
#ifndef QUERN_ENGINE_SESSION_RETRY_H_
#define QUERN_ENGINE_SESSION_RETRY_H_

#include <type_traits>
#include <utility>

#include "engine/session/operation.h"
#include "quern/base/error.h"

namespace quern::engine {

// Sleeps a little longer after each failed attempt, but not beyond the time limit. Throws
// MaxTimeMSExpired (50).
void back_off(Operation& operation, int attempt);

// Runs body() inside a storage transaction that it reaches through operation.transaction(),
// commits, and returns what body returned. Outside of a multi-document transaction the body is run
// again, with a fresh snapshot, until it does not conflict or the operation's time is over; inside
// of one it runs once and the conflict is the caller's. When the operation is already in a write
// body, body just joins it. body must not keep what an earlier attempt read.
template <class Body>
auto write_transaction(Operation& operation, Body&& body,
                       const storage::TransactionOptions& options = {}) {
  if (operation.writing()) return body();
  for (int attempt = 0;; ++attempt) {
    operation.begin_write(options);
    try {
      if constexpr (std::is_void_v<decltype(body())>) {
        body();
        operation.end_write();
        return;
      } else {
        auto result = body();
        operation.end_write();
        return result;
      }
    } catch (const Error& error) {
      operation.abandon_write();
      if (operation.in_session_transaction() || !error.is(ErrorCode::kWriteConflict)) throw;
    } catch (...) {
      operation.abandon_write();
      throw;
    }
    back_off(operation, attempt);
  }
}

}  // namespace quern::engine

#endif  // QUERN_ENGINE_SESSION_RETRY_H_
