// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The persisted form of what a session did last: keys and entries as docs/format/sessions.md
// describes them.
#ifndef QUERN_ENGINE_SESSION_SESSION_ENTRY_H_
#define QUERN_ENGINE_SESSION_SESSION_ENTRY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "quern/base/bytes.h"
#include "quern/bson/document.h"

namespace quern::engine {

// The latest txnNumber under which the session wrote.
struct SessionEntry {
  std::int64_t number = -1;
  bson::Date written{};    // when its first write was
  bool committed = false;  // it is that of a transaction, which was committed

  bson::Document serialize() const;
  static SessionEntry parse(bson::View entry);
};

// What an atomic write of a retryable command did: the same for each of its statements, whose ids
// follow each other. The result is what the command makes its reply of.
struct WriteEntry {
  std::string_view command;
  std::int32_t statements = 1;
  bson::View result;

  bson::Document serialize() const;
  // Borrows the entry.
  static WriteEntry parse(bson::View entry);
};

// session: the 16 bytes of its UUID. first: the id of an entry's first statement.
std::string session_entry_key(std::string_view session);
std::string write_entry_key(std::string_view session, std::int32_t first);
// All keys of all sessions are between them.
std::string first_session_key();
std::string end_of_session_keys();

struct SessionKey {
  std::string_view session;
  std::optional<std::int32_t> first;  // of a write entry
};
// Of a key between those; borrows it.
SessionKey parse_session_key(BytesView key);

}  // namespace quern::engine

#endif  // QUERN_ENGINE_SESSION_SESSION_ENTRY_H_
