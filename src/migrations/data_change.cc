// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "migrations/data_change.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

#include "migrations/migration_error.h"
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

// Tells the database of every document that is changed on its own.
class Progress {
 public:
  // Of the documents that the filter matches, which is about nothing encrypted but its presence.
  Progress(Database& database, std::string_view collection, bson::View filter)
      : database_(database) {
    const bson::Document count = bson::doc("count", collection, "query", filter);
    const bson::Document reply = run_checked(database.plain_runner(), database.name(), count);
    total_ = reply["n"].whole_number().value_or(0);
  }
  void step() { database_.on_document(++done_, total_); }

 private:
  Database& database_;
  std::int64_t done_ = 0;
  std::int64_t total_ = 0;
};

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
  Progress progress(database, collection, filter);
  for_each(runner, database.name(), find, [&](bson::View document) {
    progress.step();
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

// Reads what encloses the member in every document, rewrites it here and stores it again where it
// changed. What is encrypted is decrypted for that and encrypted again by the runner; what else the
// documents hold goes neither through here nor back.
void rewrite_all(Database& database, std::string_view collection, const StoredPath& path,
                 const Change& change) {
  CommandRunner& runner = database.runner();
  const std::size_t enclosing = *path.enclosing();
  const bool encrypted = path.encrypted == enclosing;
  const std::string whole = path.text(enclosing + 1);
  const bson::Document find = bson::doc("find", collection, "filter", exists(whole, true),
                                        "projection", bson::doc(whole, std::int32_t{1}));
  Progress progress(database, collection, exists(whole, true));
  for_each_decrypted(runner, database.name(), find, [&](const DecryptedView& document) {
    progress.step();
    const DecryptedElement stored = document.at_path(whole);
    if (stored.raw().is_null()) return true;
    if (encrypted && !stored.is_decrypted()) {
      throw MigrationError(fmt::format(
          "{}.{}: the collection does not have '{}' encrypted, as the migrations have it, so that "
          "what is in it cannot be changed. Is the database another one, or migrated by hand?",
          database.name(), collection, whole));
    }
    const bson::ValueView value = encrypted ? stored.plaintext() : stored.raw().value();
    const bson::Document outer = bson::doc(path.columns[enclosing], value);
    const std::optional<bson::Document> rewritten = rewrite(outer, path, enclosing, change);
    if (!rewritten) return true;
    const bson::Document query = bson::doc("_id", document.raw()["_id"].value());
    const bson::Document update =
        bson::doc("$set", bson::doc(whole, rewritten->view().front().value()));
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
  if (path.enclosing()) {
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
  if (path.enclosing()) {
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
  if (path.enclosing()) {
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
  if (path.enclosing()) {
    rewrite_all(database, collection, path, change);
    return;
  }
  // Document by document, because each value decides for itself.
  CommandRunner& runner = database.runner();
  const bson::Document find = bson::doc("find", collection, "filter", bson::Document(),
                                        "projection", bson::doc(path.text(), std::int32_t{1}));
  Progress progress(database, collection, bson::Document());
  for_each(runner, database.name(), find, [&](bson::View document) {
    progress.step();
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
