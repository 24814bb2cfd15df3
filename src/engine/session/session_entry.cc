// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/session/session_entry.h"

#include "engine/catalog/catalog_entry.h"
#include "quern/base/error.h"
#include "storage/key_format.h"

namespace quern::engine {
namespace {

constexpr char kSessionKind = 's';
constexpr std::size_t kSessionSize = 16;
constexpr std::size_t kStatementSize = 4;

}  // namespace

bson::Document SessionEntry::serialize() const {
  bson::Builder entry;
  entry.append("txnNum", number).append("lastWriteDate", written);
  if (committed) entry.append("state", "committed");
  return entry.finish();
}

SessionEntry SessionEntry::parse(bson::View entry) {
  return {entry["txnNum"].as_int64(), entry["lastWriteDate"].as_date(), !entry["state"].missing()};
}

bson::Document WriteEntry::serialize() const {
  return bson::doc("command", command, "statements", statements, "result", result);
}

WriteEntry WriteEntry::parse(bson::View entry) {
  return {entry["command"].as_string(), entry["statements"].as_int32(),
          entry["result"].as_document()};
}

std::string session_entry_key(std::string_view session) {
  return catalog_key(kSessionKind, session);
}

std::string write_entry_key(std::string_view session, std::int32_t first) {
  std::string key = session_entry_key(session);
  for (int shift = 24; shift >= 0; shift -= 8) {
    key.push_back(static_cast<char>(static_cast<std::uint32_t>(first) >> shift));
  }
  return key;
}

std::string first_session_key() { return catalog_key(kSessionKind); }
std::string end_of_session_keys() { return catalog_key(kSessionKind + 1); }

SessionKey parse_session_key(BytesView key) {
  const BytesView name = key.subspan(storage::kTableSize + 1);
  if (name.size() != kSessionSize && name.size() != kSessionSize + kStatementSize) {
    throw DatabaseError(ErrorCode::kInternalError, "a damaged entry of a session in the database");
  }
  SessionKey parsed{as_text(name.first(kSessionSize)), {}};
  if (name.size() > kSessionSize) {
    std::uint32_t first = 0;
    for (const std::uint8_t byte : name.subspan(kSessionSize)) first = first << 8 | byte;
    parsed.first = static_cast<std::int32_t>(first);
  }
  return parsed;
}

}  // namespace quern::engine
