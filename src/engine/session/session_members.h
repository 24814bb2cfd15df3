// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The members of a command that say which session and transaction it belongs to.
#ifndef QUERN_ENGINE_SESSION_SESSION_MEMBERS_H_
#define QUERN_ENGINE_SESSION_SESSION_MEMBERS_H_

#include "quern/bson/view.h"

namespace quern::engine {

struct SessionMembers {
  bson::Element lsid;
  bson::Element transaction_number;
  bson::Element statement;   // stmtId
  bson::Element statements;  // stmtIds
  bson::Element autocommit;
  bson::Element start;
  bson::Element max_time;
  bson::Element read_concern;
  bson::Element write_concern;

  // Throws when one is there twice.
  explicit SessionMembers(bson::View command);
  // Throws InvalidOptions (72) and TypeMismatch (14) where they are malformed or contradict each
  // other; FailedToParse (9) and BadValue (2) for concerns that no single node can meet.
  void check() const;

  // writeConcern: {j: true}: what was written is to be on the medium before the reply.
  bool journaled() const {
    return write_concern.is_document() && write_concern.as_document()["j"].truthy();
  }

  bool in_transaction() const { return !autocommit.missing(); }
  // A txnNumber alone: what the command does is to happen once, however often it is sent.
  bool retryable() const { return !transaction_number.missing() && !in_transaction(); }
};

}  // namespace quern::engine

#endif  // QUERN_ENGINE_SESSION_SESSION_MEMBERS_H_
