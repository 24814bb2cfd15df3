// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "migrations/data_change.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "quern/command/reply.h"

namespace quern::migrations {
namespace {

// {update: collection, updates: [{q, u, multi}]}
bson::Document update_command(std::string_view collection, bson::View filter, bson::View update,
                              bool multi) {
  bson::Builder out;
  out.append("update", collection).open_array("updates").push_document();
  out.append("q", filter).append("u", update).append("multi", multi);
  out.close().close();
  return out.finish();
}

// Applies one update to every document that the filter matches.
void update_all(Database& database, std::string_view collection, bson::View filter,
                bson::View update) {
  CommandRunner& runner = database.runner();
  if (!database.is_encrypted()) {
    const bson::Document command = update_command(collection, filter, update, true);
    run_checked(runner, database.name(), command);
    return;
  }
  const bson::Document find = bson::doc("find", collection, "filter", filter, "projection",
                                        bson::doc("_id", std::int32_t{1}));
  for_each(runner, database.name(), find, [&](bson::View document) {
    const bson::Document query = bson::doc("_id", document["_id"].value());
    const bson::Document command = update_command(collection, query, update, false);
    run_checked(runner, database.name(), command);
    return true;
  });
}

bson::Document exists(std::string_view path, bool yes) {
  return bson::doc(path, bson::doc("$exists", yes));
}

// Rewrites what lies at columns[depth..] of a document. `change` gets the innermost document that
// holds the last column and returns it as it shall be, or nothing to leave it.
using Change = std::function<std::optional<bson::Document>(bson::View)>;

std::optional<bson::Document> rewrite(bson::View document, const StoredPath& path,
                                      std::size_t depth, const Change& change) {
  if (depth + 1 == path.columns.size()) return change(document);
  const std::string& column = path.columns[depth];
  const bson::Element inner = document[column];
  bool changed = false;
  bson::Builder out;
  for (const bson::Element& element : document) {
    if (element.key() != column) {
      out.append(element);
    } else if (inner.is_document()) {
      const auto rewritten = rewrite(inner.as_document(), path, depth + 1, change);
      changed = changed || rewritten;
      out.append(column, rewritten ? rewritten->view() : inner.as_document());
    } else if (inner.is_array()) {
      out.open_array(column);
      for (const bson::Element& item : inner.as_array()) {
        std::optional<bson::Document> rewritten;
        if (item.is_document()) rewritten = rewrite(item.as_document(), path, depth + 1, change);
        changed = changed || rewritten;
        if (rewritten) {
          out.push(*rewritten);
        } else {
          out.push(item.value());
        }
      }
      out.close();
    } else {
      out.append(element);
    }
  }
  if (!changed) return std::nullopt;
  return out.finish();
}

// The path of the outermost array that path leads through. What is encrypted never lies in one.
std::string outermost_array(const StoredPath& path) {
  StoredPath array = path;
  const auto at = std::find(path.in_array.begin(), path.in_array.end(), true);
  array.columns.resize(static_cast<std::size_t>(at - path.in_array.begin()) + 1);
  return array.text();
}

// Reads every document, rewrites it here and stores the array that changed. Documents are read as
// they lie there: what else they hold goes neither through here nor back.
void rewrite_all(Database& database, std::string_view collection, const StoredPath& path,
                 const Change& change) {
  CommandRunner& runner = database.runner();
  const std::string array = outermost_array(path);
  const bson::Document find = bson::doc("find", collection, "filter", exists(array, true),
                                        "projection", bson::doc(array, std::int32_t{1}));
  for_each(runner, database.name(), find, [&](bson::View document) {
    const std::optional<bson::Document> rewritten = rewrite(document, path, 0, change);
    if (!rewritten) return true;
    const bson::Document query = bson::doc("_id", document["_id"].value());
    const bson::Document update =
        bson::doc("$set", bson::doc(array, rewritten->view().at_path(array).value()));
    const bson::Document command = update_command(collection, query, update, false);
    run_checked(runner, database.name(), command);
    return true;
  });
}

// Conditions under which an update may write below the path's parents.
void require_parents(bson::Builder& filter, const StoredPath& path) {
  std::string parent;
  for (std::size_t i = 0; i + 1 < path.columns.size(); ++i) {
    parent += (i == 0 ? "" : ".") + path.columns[i];
    filter.append(parent, bson::doc("$type", "object"));
  }
}

}  // namespace

void add_member(Database& database, std::string_view collection, const StoredPath& path,
                bson::ValueView value) {
  if (path.through_array()) {
    const std::string& column = path.columns.back();
    rewrite_all(database, collection, path, [&](bson::View inner) -> std::optional<bson::Document> {
      if (inner.contains(column)) return std::nullopt;
      bson::Builder out;
      out.append_all(inner).append(column, value);
      return out.finish();
    });
    return;
  }
  bson::Builder filter;
  filter.append_all(exists(path.text(), false));
  require_parents(filter, path);
  const bson::Document query = filter.finish();
  const bson::Document update = bson::doc("$set", bson::doc(path.text(), value));
  update_all(database, collection, query, update);
}

void remove_member(Database& database, std::string_view collection, const StoredPath& path) {
  if (path.through_array()) {
    const std::string& column = path.columns.back();
    rewrite_all(database, collection, path, [&](bson::View inner) -> std::optional<bson::Document> {
      if (!inner.contains(column)) return std::nullopt;
      bson::Builder out;
      for (const bson::Element& element : inner) {
        if (element.key() != column) out.append(element);
      }
      return out.finish();
    });
    return;
  }
  const bson::Document query = exists(path.text(), true);
  const bson::Document update = bson::doc("$unset", bson::doc(path.text(), ""));
  update_all(database, collection, query, update);
}

void rename_member(Database& database, std::string_view collection, const StoredPath& path,
                   std::string_view new_column) {
  const std::string& column = path.columns.back();
  if (path.through_array()) {
    rewrite_all(database, collection, path, [&](bson::View inner) -> std::optional<bson::Document> {
      if (!inner.contains(column)) return std::nullopt;
      bson::Builder out;
      for (const bson::Element& element : inner) {
        if (element.key() == new_column) continue;
        out.append(element.key() == column ? new_column : element.key(), element.value());
      }
      return out.finish();
    });
    return;
  }
  StoredPath target = path;
  target.columns.back() = new_column;
  const bson::Document query = exists(path.text(), true);
  const bson::Document update = bson::doc("$rename", bson::doc(path.text(), target.text()));
  update_all(database, collection, query, update);
}

void convert_member(Database& database, std::string_view collection, const StoredPath& path,
                    const std::function<bson::Value(bson::ValueView)>& convert) {
  const std::string& column = path.columns.back();
  const auto change = [&](bson::View inner) -> std::optional<bson::Document> {
    const bson::Value converted = convert(inner[column].value());
    if (converted.missing()) return std::nullopt;
    bson::Builder out;
    bool written = false;
    for (const bson::Element& element : inner) {
      written = written || element.key() == column;
      out.append(element.key(), element.key() == column ? converted.view() : element.value());
    }
    if (!written) out.append(column, converted);
    return out.finish();
  };
  if (path.through_array()) {
    rewrite_all(database, collection, path, change);
    return;
  }
  // Document by document, because each value decides for itself.
  CommandRunner& runner = database.runner();
  const bson::Document find = bson::doc("find", collection, "filter", bson::Document(),
                                        "projection", bson::doc(path.text(), std::int32_t{1}));
  for_each(runner, database.name(), find, [&](bson::View document) {
    const bson::Value converted = convert(document.at_path(path.text()).value());
    if (converted.missing()) return true;
    bson::Builder filter;
    filter.append("_id", document["_id"].value());
    require_parents(filter, path);
    const bson::Document query = filter.finish();
    const bson::Document update = bson::doc("$set", bson::doc(path.text(), converted));
    const bson::Document command = update_command(collection, query, update, false);
    run_checked(runner, database.name(), command);
    return true;
  });
}

}  // namespace quern::migrations
