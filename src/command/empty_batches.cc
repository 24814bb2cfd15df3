// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "command/empty_batches.h"

#include <string>

#include "quern/base/error.h"

namespace quern {
namespace {

bool waits_for_documents(bson::View command) {
  if (command["tailable"].truthy()) return true;
  const bson::Element pipeline = command["pipeline"];
  if (!pipeline.is_array()) return false;
  const bson::Element first = pipeline.as_array().front();
  return first.is_document() && first.as_document().front().key() == "$changeStream";
}

}  // namespace

EmptyBatches::EmptyBatches(bson::View command) : waits_(waits_for_documents(command)) {}

void EmptyBatches::note(bool empty) {
  if (!empty) {
    in_a_row_ = 0;
  } else if (!waits_ && ++in_a_row_ >= kMost) {
    throw DatabaseError(ErrorCode::kNoProgressMade,
                        "the server has answered with " + std::to_string(kMost) +
                            " empty batches in a row and says that more documents are to come: "
                            "the cursor is closed. Is it the server that it should be?");
  }
}

}  // namespace quern
