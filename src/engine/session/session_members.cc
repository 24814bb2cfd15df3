// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/session/session_members.h"

#include <string>

#include "bson/strict_reader.h"
#include "quern/base/error.h"

namespace quern::engine {
namespace {

void read(bson::Element& member, const bson::Element& element) {
  if (member) {
    throw DatabaseError(bson::MemberFaults{}.repeated.code,
                        "'" + std::string(element.key()) + "' is there twice in the command");
  }
  member = element;
}

}  // namespace

SessionMembers::SessionMembers(bson::View command) {
  for (const bson::Element& element : command) {
    switch (element.key().size()) {
      case 4:
        if (element.key() == "lsid") read(lsid, element);
        break;
      case 9:
        if (element.key() == "txnNumber") read(transaction_number, element);
        if (element.key() == "maxTimeMS") read(max_time, element);
        break;
      case 10:
        if (element.key() == "autocommit") read(autocommit, element);
        break;
      case 12:
        if (element.key() == "writeConcern") read(write_concern, element);
        break;
      case 16:
        if (element.key() == "startTransaction") read(start, element);
        break;
    }
  }
}

void SessionMembers::check() const {
  if (!lsid.missing() && !lsid.is_document()) {
    throw DatabaseError(ErrorCode::kTypeMismatch, "lsid must be a document");
  }
  if (!transaction_number.missing()) {
    if (lsid.missing()) {
      throw DatabaseError(ErrorCode::kInvalidOptions,
                          "Transaction number requires a session ID to also be specified");
    }
    const auto number = transaction_number.whole_number();
    if (!number || *number < 0) {
      throw DatabaseError(ErrorCode::kInvalidOptions,
                          "Transaction number must be a whole number of at least zero");
    }
  }
  if (in_transaction()) {
    if (transaction_number.missing()) {
      throw DatabaseError(ErrorCode::kInvalidOptions,
                          "'autocommit' field requires a transaction number to also be specified");
    }
    if (autocommit.type() != bson::Type::kBool || autocommit.as_bool()) {
      throw DatabaseError(ErrorCode::kInvalidOptions,
                          "The value of autocommit must be false: it marks the statements of a "
                          "multi-document transaction");
    }
  } else if (!start.missing()) {
    throw DatabaseError(ErrorCode::kInvalidOptions,
                        "'startTransaction' field requires 'autocommit' field to also be "
                        "specified");
  }
  if (!start.missing() && (start.type() != bson::Type::kBool || !start.as_bool())) {
    throw DatabaseError(ErrorCode::kInvalidOptions,
                        "The value of startTransaction must be true, or the member left out");
  }
}

}  // namespace quern::engine
