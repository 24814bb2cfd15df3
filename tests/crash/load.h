// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What the killed process and the one that kills it agree on: the collection, the documents, and
// the journal. Before each write the worker sends a line that says what it is about to do, after
// the reply another that says it was acknowledged:
//
//   "? thread document state\n"  state: what the document will be, as "ssn code"; "-": deleted
//   "! thread\n"                 the latest write of that thread was acknowledged
//
// A write of two documents in one transaction announces both before either is acknowledged. Lines
// are short enough for the pipe to keep each whole.
#ifndef QUERN_TESTS_CRASH_LOAD_H_
#define QUERN_TESTS_CRASH_LOAD_H_

#include <string>
#include <string_view>

#include "quern/bson/json.h"
#include "quern/command/namespace.h"

namespace quern::crash {

inline constexpr int kThreads = 3;
inline constexpr int kDocumentsPerThread = 60;
inline constexpr int kValues = 8;

inline const Namespace& people() {
  static const Namespace ns{"clinic", "people"};
  return ns;
}

inline bson::Document people_fields() {
  return bson::from_json(R"({"fields": [
      {"path": "ssn", "bsonType": "string", "queries": {"queryType": "equality",
       "contention": {"$numberLong": "0"}}},
      {"path": "record.code", "bsonType": "int", "queries": {"queryType": "equality",
       "contention": {"$numberLong": "4"}}}]})");
}

inline std::string ssn(int value) { return "ssn-" + std::to_string(value); }

// The _id of a thread's document.
inline std::string document_id(int thread, int number) {
  return "t" + std::to_string(thread) + "-" + std::to_string(number);
}

}  // namespace quern::crash

#endif  // QUERN_TESTS_CRASH_LOAD_H_
