// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "migrations/history.h"

#include <fmt/format.h>

#include "quern/base/error.h"
#include "quern/command/reply.h"

namespace quern::migrations {
namespace {

HistoryEntry parse_entry(bson::View document) {
  HistoryEntry entry;
  entry.key = {std::string(document["app"].as_string()), std::string(document["name"].as_string())};
  entry.applied = document["applied"].as_date();
  if (const bson::Element hash = document["hash"]) entry.hash = hash.as_string();
  if (const bson::Element skipped = document["skipped"]) {
    for (const bson::Element& text : skipped.as_array()) {
      entry.skipped.emplace_back(text.as_string());
    }
  }
  if (const bson::Element faked = document["faked"]) entry.faked = faked.truthy();
  return entry;
}

}  // namespace

std::vector<HistoryEntry> History::read() const {
  std::vector<HistoryEntry> entries;
  if (!database_.exists()) return entries;
  const bson::Document find = bson::doc("find", kCollection, "filter", bson::Document(), "sort",
                                        bson::doc("_id", std::int32_t{1}));
  for_each(database_.plain_runner(), database_.name(), find, [&](bson::View document) {
    try {
      entries.push_back(parse_entry(document));
    } catch (const Error& error) {
      throw DatabaseError(ErrorCode::kFailedToParse,
                          fmt::format("a document of {}.{} is not a migration's: {}",
                                      database_.name(), kCollection, error.what()));
    }
    return true;
  });
  return entries;
}

void History::record(const HistoryEntry& entry) {
  CommandRunner& runner = database_.plain_runner();
  bson::Builder index;
  index.append("createIndexes", kCollection).open_array("indexes").push_document();
  index.append("key", bson::doc("app", std::int32_t{1}, "name", std::int32_t{1}));
  index.append("name", "app_1_name_1").append("unique", true).close().close();
  const bson::Document create_index = index.finish();
  run_checked(runner, database_.name(), create_index);

  bson::Builder out;
  out.append("insert", kCollection).open_array("documents").push_document();
  out.append("_id", ObjectId::generate()).append("app", entry.key.app);
  out.append("name", entry.key.name).append("applied", entry.applied).append("hash", entry.hash);
  if (!entry.skipped.empty()) {
    out.open_array("skipped");
    for (const std::string& text : entry.skipped) out.push(text);
    out.close();
  }
  if (entry.faked) out.append("faked", true);
  out.close().close();
  const bson::Document insert = out.finish();
  run_checked(runner, database_.name(), insert);
}

void History::forget(const MigrationKey& key) {
  bson::Builder out;
  out.append("delete", kCollection).open_array("deletes").push_document();
  out.append("q", bson::doc("app", key.app, "name", key.name)).append("limit", std::int32_t{1});
  out.close().close();
  const bson::Document command = out.finish();
  run_checked(database_.plain_runner(), database_.name(), command);
}

Applied applied_keys(const std::vector<HistoryEntry>& entries) {
  Applied out;
  for (const HistoryEntry& entry : entries) out.insert(entry.key);
  return out;
}

}  // namespace quern::migrations
