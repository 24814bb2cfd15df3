// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Documents of a running find, batch by batch. Closes the server's cursor when destroyed early.
#ifndef QUERN_MODELS_DOCUMENT_CURSOR_H_
#define QUERN_MODELS_DOCUMENT_CURSOR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "command/empty_batches.h"
#include "models/session.h"

namespace quern::internal {

class DocumentCursor {
 public:
  DocumentCursor(SessionCore& session, Target target, bson::View find);
  ~DocumentCursor();
  DocumentCursor(const DocumentCursor&) = delete;
  DocumentCursor& operator=(const DocumentCursor&) = delete;

  // The next document, valid until the next call; nothing at the end.
  std::optional<DecryptedView> next();
  const Target& target() const { return target_; }

 private:
  void take(Reply reply, std::string_view batch);

  SessionCore& session_;
  Target target_;
  Reply reply_;
  std::optional<DecryptedView::Iterator> batch_;
  EmptyBatches empty_batches_;
  std::int64_t id_ = 0;
  std::string collection_;
};

}  // namespace quern::internal

#endif  // QUERN_MODELS_DOCUMENT_CURSOR_H_
