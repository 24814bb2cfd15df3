// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/session/session_members.h"

#include <cstdint>
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

// Of one node, whatever the level: what a read sees is committed and stays.
void check_read_concern(const bson::Element& concern) {
  if (concern.missing()) return;
  if (!concern.is_document()) {
    throw DatabaseError(ErrorCode::kTypeMismatch, "readConcern must be a document");
  }
  const bson::Element level = concern.as_document()["level"];
  if (level.missing() || level.is_null()) return;
  if (!level.is_string()) {
    throw DatabaseError(ErrorCode::kTypeMismatch, "readConcern.level must be a string");
  }
  for (const std::string_view known :
       {"local", "available", "majority", "linearizable", "snapshot"}) {
    if (level.as_string() == known) return;
  }
  throw DatabaseError(ErrorCode::kBadValue,
                      "readConcern.level must be one of: local available majority linearizable "
                      "snapshot");
}

// Nobody but this node acknowledges.
void check_write_concern(const bson::Element& concern) {
  if (concern.missing() || concern.is_null()) return;
  if (!concern.is_document()) {
    throw DatabaseError(ErrorCode::kTypeMismatch, "writeConcern must be a document");
  }
  const bson::Element journal = concern.as_document()["j"];
  if (!journal.missing() && !journal.is_null() && !journal.is_number() &&
      journal.type() != bson::Type::kBool) {
    throw DatabaseError(ErrorCode::kTypeMismatch, "writeConcern.j must be true or false");
  }
  const bson::Element timeout = concern.as_document()["wtimeout"];
  if (timeout.is_number() && timeout.number() > INT32_MAX) {
    throw DatabaseError(ErrorCode::kFailedToParse,
                        "writeConcern.wtimeout must be a number of 32 bits");
  }
  const bson::Element w = concern.as_document()["w"];
  if (w.missing() || w.is_null()) return;
  if (w.is_document()) {
    const bson::View tags = w.as_document();
    bool numbers = !tags.empty();
    for (const bson::Element& tag : tags) numbers &= tag.is_number();
    if (numbers) return;
    throw DatabaseError(ErrorCode::kFailedToParse,
                        "writeConcern.w as a document must give a number for each of its tags");
  }
  if (w.is_string()) {
    if (w.as_string() == "majority") return;
    throw DatabaseError(ErrorCode::kBadValue,
                        "writeConcern.w must be \"majority\" or a number: there are no modes of "
                        "other names");
  }
  if (!w.is_number()) {
    throw DatabaseError(ErrorCode::kFailedToParse,
                        "writeConcern.w must be a number, a string or a document");
  }
  const double nodes = w.number();
  if (!(nodes > -1 && nodes < 51)) {
    throw DatabaseError(ErrorCode::kFailedToParse,
                        "writeConcern.w must not be negative nor greater than 50");
  }
  if (nodes >= 2) {
    throw DatabaseError(ErrorCode::kBadValue,
                        "writeConcern.w must not be greater than 1: there is one node");
  }
}

}  // namespace

SessionMembers::SessionMembers(bson::View command) {
  for (const bson::Element& element : command) {
    switch (element.key().size()) {
      case 4:
        if (element.key() == "lsid") read(lsid, element);
        break;
      case 6:
        if (element.key() == "stmtId") read(statement, element);
        break;
      case 7:
        if (element.key() == "stmtIds") read(statements, element);
        break;
      case 9:
        if (element.key() == "txnNumber") read(transaction_number, element);
        if (element.key() == "maxTimeMS") read(max_time, element);
        break;
      case 10:
        if (element.key() == "autocommit") read(autocommit, element);
        break;
      case 11:
        if (element.key() == "readConcern") read(read_concern, element);
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
  check_read_concern(read_concern);
  check_write_concern(write_concern);
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
