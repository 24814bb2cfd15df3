// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Replies: the document that came, the plaintexts beside it, and from a document to an exception
// and back.
#ifndef QUERN_COMMAND_REPLY_H_
#define QUERN_COMMAND_REPLY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "quern/base/error.h"
#include "quern/base/export.h"
#include "quern/bson/document.h"
#include "quern/command/decrypted.h"
#include "quern/command/run_context.h"

namespace quern {

class CommandRunner;

// A reply as it came, ciphertexts and all: whoever treats it as a document reads what the server
// sent, and that is the only way to its protocol members (ok, cursor.id, n, …). What was decrypted
// of its documents is had through decrypted() alone; a copy as a bson::Document has lost it.
class QUERN_EXPORT Reply : public bson::Document {
 public:
  Reply() = default;
  Reply(bson::Document raw) : Document(std::move(raw)) {}  // nothing is decrypted
  Reply(bson::Document raw, std::shared_ptr<const Plaintexts> plaintexts)
      : Document(std::move(raw)), plaintexts_(std::move(plaintexts)) {}

  // Borrows the reply.
  DecryptedView decrypted() const& {
    return DecryptedView(view(), view().data(), plaintexts_.get(), false);
  }
  DecryptedView decrypted() && = delete;

 private:
  std::shared_ptr<const Plaintexts> plaintexts_;
};

// A duplicate key that one statement of a write command met: its index, from 0.
class QUERN_EXPORT WriteIntegrityError : public IntegrityError {
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
QUERN_EXPORT void throw_if_error(bson::View reply);

// The {ok: 0, errmsg, code, codeName[, errorLabels][, errInfo]} reply for an error.
QUERN_EXPORT bson::Document error_reply(const Error& error);

// runner.run(), then throw_if_error().
QUERN_EXPORT Reply run_checked(CommandRunner& runner, std::string_view database, bson::View command,
                               const RunContext& context = {});

// Runs a command that answers with a cursor (find, aggregate, listCollections, listIndexes) and
// calls visit for every document as it came, fetching further batches with getMore; kills the
// cursor when visit returns false or throws. The session members of command (lsid, txnNumber,
// autocommit) go along. Every command has the context; the cursor is killed without its limits.
QUERN_EXPORT void for_each(CommandRunner& runner, std::string_view database, bson::View command,
                           const std::function<bool(bson::View)>& visit,
                           const RunContext& context = {});
// The same with what was decrypted of each document.
QUERN_EXPORT void for_each_decrypted(CommandRunner& runner, std::string_view database,
                                     bson::View command,
                                     const std::function<bool(const DecryptedView&)>& visit,
                                     const RunContext& context = {});

}  // namespace quern

#endif  // QUERN_COMMAND_REPLY_H_
