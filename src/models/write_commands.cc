// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "models/write_commands.h"

#include "models/filter.h"

namespace quern::internal {
namespace {

bson::Document update_command(std::string_view collection, bson::View filter, bson::View set,
                              bson::View unset, bool multi) {
  bson::Builder command;
  command.append("update", collection).open_array("updates").push_document();
  command.append("q", filter).open_document("u");
  if (!set.empty() || unset.empty()) command.append("$set", set);
  if (!unset.empty()) command.append("$unset", unset);
  command.close().append("multi", multi).close().close();
  return command.finish();
}

}  // namespace

bson::Builder start_insert(std::string_view collection) {
  bson::Builder command;
  command.append("insert", collection).open_array("documents");
  return command;
}

bson::Document finish_insert(bson::Builder& command) {
  command.close().append("ordered", true);
  return command.finish();
}

bson::Document update_by_id(std::string_view collection, const ObjectId& id, bson::View filter,
                            bson::View set, bson::View unset) {
  const bson::Document by_id = bson::doc("_id", id);
  const bson::Document both = all_of(by_id, filter);
  return update_command(collection, both, set, unset, false);
}

bson::Document update_all(std::string_view collection, bson::View filter, bson::View set) {
  return update_command(collection, filter, set, {}, true);
}

bson::Document remove_where(std::string_view collection, bson::View filter, std::int32_t limit) {
  bson::Builder command;
  command.append("delete", collection).open_array("deletes").push_document();
  command.append("q", filter).append("limit", limit).close().close();
  return command.finish();
}

}  // namespace quern::internal
