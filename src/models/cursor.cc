// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/base/error.h"
#include "quern/models/internal/query.h"

namespace quern::internal {

Cursor::Cursor(ModelSession& session, Target target, bson::View find)
    : session_(session), target_(std::move(target)), collection_(find.front().as_string()) {
  take(session_.run(target_, find), "firstBatch");
}

Cursor::~Cursor() {
  if (id_ == 0) return;
  try {
    session_.run(target_, bson::doc("killCursors", collection_, "cursors", bson::array(id_)));
  } catch (const std::exception&) {
    // The server closes cursors that nobody asks for; there is nothing to add here.
  }
}

void Cursor::take(bson::Document reply, std::string_view batch) {
  reply_ = std::move(reply);
  const bson::View cursor = reply_["cursor"].as_document();
  id_ = cursor["id"].as_int64();
  at_ = cursor[batch].as_array().begin();
  in_batch_ = true;
}

std::optional<bson::View> Cursor::next() {
  while (in_batch_) {
    if (at_ != std::default_sentinel) {
      const bson::View document = at_->as_document();
      ++at_;
      return document;
    }
    if (id_ == 0) {
      in_batch_ = false;
      break;
    }
    const std::int64_t id = std::exchange(id_, 0);  // gone if getMore fails
    take(session_.run(target_, bson::doc("getMore", id, "collection", collection_)), "nextBatch");
  }
  return std::nullopt;
}

}  // namespace quern::internal
