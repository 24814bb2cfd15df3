// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The load of retryable writes: each thread has a session, and sends the commands of its numbers
// one after the other. The process that is killed and the one that kills it agree on them, so that
// the second can send the last one of each thread again. The journal:
//
//   "? thread number\n"         the command is about to be sent
//   "! thread number reply\n"   and this came back
#ifndef QUERN_TESTS_CRASH_RETRY_LOAD_H_
#define QUERN_TESTS_CRASH_RETRY_LOAD_H_

#include <string>

#include "crash/load.h"
#include "quern/base/uuid.h"

namespace quern::crash {

enum class RetryKind { kInsert, kUpdate, kFindAndModify, kDelete };
inline RetryKind retry_kind(int number) { return static_cast<RetryKind>(number % 4); }

// A worker begins here, above all numbers of the worker before.
inline int first_number(int seed) { return (seed + 1) * 100'000; }

inline std::string counter_id(int thread) { return "counter-" + std::to_string(thread); }

// Done twice, or half, each would show: three documents without _id, two kinds of increments, and
// one of the three documents gone.
inline bson::Document retry_command(int thread, int number) {
  using bson::array;
  using bson::doc;
  const auto numbered = [&](int n) { return doc("thread", thread, "number", n); };
  const auto row = [&](int n) {
    return doc("thread", thread, "number", n, "ssn", ssn(n % kValues), "record",
               doc("code", n % kValues));
  };
  const bson::Document counter = doc("_id", counter_id(thread));
  const bson::Document increment = doc("$inc", doc("n", 1));
  bson::Builder command;
  switch (retry_kind(number)) {
    case RetryKind::kInsert:
      command.append("insert", people().collection);
      command.append("documents", array(row(number), row(number), row(number)));
      break;
    case RetryKind::kUpdate:
      command.append("update", people().collection);
      command.append("updates", array(doc("q", counter, "u", increment, "upsert", true)));
      break;
    case RetryKind::kFindAndModify:
      command.append("findAndModify", people().collection);
      command.append("query", counter).append("update", increment).append("upsert", true);
      break;
    case RetryKind::kDelete:
      command.append("delete", people().collection);
      command.append("deletes", array(doc("q", numbered(number - 3), "limit", 1)));
      break;
  }
  Bytes session(16, 0);
  session.back() = static_cast<std::uint8_t>(thread);
  command.append("lsid", doc("id", Uuid::from_bytes(session)));
  command.append("txnNumber", static_cast<std::int64_t>(number));
  return command.finish();
}

// The reply without what says that it is not the first.
inline std::string reply_text(bson::View reply) {
  bson::Builder rest;
  for (const bson::Element& element : reply) {
    if (!element.key().starts_with("retriedStmtId")) rest.append(element);
  }
  return bson::to_json(rest.finish());
}

}  // namespace quern::crash

#endif  // QUERN_TESTS_CRASH_RETRY_LOAD_H_
