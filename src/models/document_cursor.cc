// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "models/document_cursor.h"

#include <utility>

namespace quern::internal {

DocumentCursor::DocumentCursor(SessionCore& session, Target target, bson::View find)
    : session_(session),
      target_(std::move(target)),
      empty_batches_(find),
      collection_(find.front().as_string()) {
  take(session_.execute(target_, find), "firstBatch");
}

DocumentCursor::~DocumentCursor() {
  if (id_ == 0) return;
  try {
    // Also in the body of a transaction that the cursor is older than.
    session_.do_execute(target_,
                        bson::doc("killCursors", collection_, "cursors", bson::array(id_)));
  } catch (const std::exception&) {
    // The server closes cursors that nobody asks for; there is nothing to add here.
  }
}

void DocumentCursor::take(Reply reply, std::string_view batch) {
  reply_ = std::move(reply);
  const DecryptedView cursor = reply_.decrypted()["cursor"].document();
  id_ = cursor["id"].raw().as_int64();
  batch_.emplace(cursor[batch].document().begin());
  if (id_ != 0) empty_batches_.note(*batch_ == std::default_sentinel);
}

std::optional<DecryptedView> DocumentCursor::next() {
  while (batch_) {
    if (*batch_ != std::default_sentinel) {
      const DecryptedView document = (**batch_).document();
      ++*batch_;
      return document;
    }
    if (id_ == 0) {
      batch_.reset();
      break;
    }
    const std::int64_t id = std::exchange(id_, 0);  // gone if getMore fails
    take(session_.execute(target_, bson::doc("getMore", id, "collection", collection_)),
         "nextBatch");
  }
  return std::nullopt;
}

}  // namespace quern::internal
