// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Replies: from a document to an exception and back.
#ifndef QUERN_COMMAND_REPLY_H_
#define QUERN_COMMAND_REPLY_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "quern/base/error.h"
#include "quern/bson/document.h"
#include "quern/command/command_runner.h"

namespace quern {

// A duplicate key that one statement of a write command met: its index, from 0.
class WriteIntegrityError : public IntegrityError {
 public:
  WriteIntegrityError(std::int32_t code, const std::string& message, std::int64_t index)
      : IntegrityError(code, message), index_(index) {}
  std::int64_t index() const noexcept { return index_; }

 private:
  std::int64_t index_;
};

// Throws what the reply reports: ok: 0, the first of writeErrors, or writeConcernError. Duplicate
// keys (11000) are thrown as IntegrityError (those of writeErrors with their index), everything
// else as DatabaseError, with code, labels and errInfo.
void throw_if_error(bson::View reply);

// The {ok: 0, errmsg, code, codeName[, errorLabels][, errInfo]} reply for an error.
bson::Document error_reply(const Error& error);

// runner.run(), then throw_if_error().
bson::Document run_checked(CommandRunner& runner, std::string_view database, bson::View command);

// Runs a command that answers with a cursor (find, aggregate, listCollections, listIndexes) and
// calls visit for every document, fetching further batches with getMore; kills the cursor when
// visit returns false or throws. The session members of command (lsid, txnNumber, autocommit) go
// along.
void for_each(CommandRunner& runner, std::string_view database, bson::View command,
              const std::function<bool(bson::View)>& visit);

}  // namespace quern

#endif  // QUERN_COMMAND_REPLY_H_
