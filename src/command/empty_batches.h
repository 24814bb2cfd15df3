// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Ends the reading of a cursor that gives nothing but empty batches, as only a server would send
// them that means to keep its client busy for ever.
#ifndef QUERN_COMMAND_EMPTY_BATCHES_H_
#define QUERN_COMMAND_EMPTY_BATCHES_H_

#include "quern/bson/view.h"

namespace quern {

class EmptyBatches {
 public:
  static constexpr int kMost = 1000;  // in a row

  // command: what opened the cursor. One that waits for documents to come (a tailable find, a
  // change stream) may have as many as it likes.
  explicit EmptyBatches(bson::View command);

  // A batch came, and the cursor is still open. Throws DatabaseError(NoProgressMade).
  void note(bool empty);

 private:
  bool waits_;
  int in_a_row_ = 0;
};

}  // namespace quern

#endif  // QUERN_COMMAND_EMPTY_BATCHES_H_
