// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "project/historical_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/nearest.h"
#include "base/shown.h"
#include "client/encrypting_runner.h"
#include "quern/base/error.h"
#include "quern/command/namespace.h"
#include "quern/command/reply.h"
#include "schema/encrypted_fields_map.h"

namespace quern {
namespace {

void collect_paths(const std::vector<migrations::FieldState>& fields, const std::string& prefix,
                   std::vector<std::string>& out) {
  for (const migrations::FieldState& field : fields) {
    out.push_back(prefix + field.column);
    collect_paths(field.fields, out.back() + ".", out);
  }
}

// The schema of that collection alone: the pinned one, else the one that the migrations made. It
// does not change from one migration to the next, but for members that were removed.
client::EncryptingOptions options_for(const internal::Connection& connection,
                                      const migrations::ModelState& model) {
  client::EncryptingOptions options;
  options.map = connection.pinned_map();
  if (options.map) return options;
  options.allow_more_fields = true;
  bson::Builder map;
  if (model.has_encrypted()) {
    map.append(Namespace{connection.database(), model.collection}.to_string(),
               model.encrypted_fields());
  }
  const bson::Document document = map.finish();
  options.map = schema::EncryptedFieldsMap::parse(document);
  return options;
}

}  // namespace

class HistoricalModel::Implementation {
 public:
  Implementation(internal::Connection& connection, migrations::ModelState model)
      : database_(connection.database()), model_(std::move(model)), runner_(connection.plain()) {
    collect_paths(model_.fields, "", paths_);
    if (!connection.is_encrypted()) return;
    encrypting_ = std::make_unique<client::EncryptingRunner>(
        connection.plain(), connection.key_cache(), options_for(connection, model_));
  }

  const migrations::ModelState& model() const { return model_; }
  const std::vector<std::string>& paths() const { return paths_; }
  const std::string& database() const { return database_; }
  CommandRunner& runner() { return encrypting_ ? *encrypting_ : runner_; }

  void check_path(std::string_view path) const {
    if (std::find(paths_.begin(), paths_.end(), path) != paths_.end()) return;
    const auto hint = nearest(path, paths_);
    throw Error(ErrorCode::kBadValue,
                fmt::format("{} has nothing stored at '{}' at this point of its migrations.{}",
                            model_.label(), shown_path(path),
                            hint ? fmt::format(" Did you mean '{}'?", *hint) : ""));
  }

  bson::Document filter(bson::View equal) const {
    bson::Builder out;
    for (const bson::Element& element : equal) {
      check_path(element.key());
      out.append(element.key(), bson::doc("$eq", element.value()));
    }
    return out.finish();
  }

  // As it was before the server made tags of it.
  static bson::Document plaintext(const DecryptedView& document) {
    const bson::Document whole = document.plaintext_document();
    bson::Builder out;
    for (const bson::Element& element : whole.view()) {
      if (element.key() != "__safeContent__") out.append(element);
    }
    return out.finish();
  }

  // One document, by its _id. Encrypted collections know no other updates.
  void update(const bson::Element& id, bson::View update) {
    bson::Builder out;
    out.append("update", model_.collection).open_array("updates").push_document();
    out.append("q", bson::doc("_id", id.value())).append("u", update).close().close();
    const bson::Document command = out.finish();
    run_checked(runner(), database_, command);
  }

 private:
  const std::string database_;
  const migrations::ModelState model_;
  std::vector<std::string> paths_;
  CommandRunner& runner_;
  std::unique_ptr<client::EncryptingRunner> encrypting_;
};

HistoricalModel::HistoricalModel(std::shared_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}

const std::string& HistoricalModel::collection() const {
  return implementation_->model().collection;
}

std::vector<std::string> HistoricalModel::paths() const { return implementation_->paths(); }

void HistoricalModel::for_each(const std::function<bool(bson::View)>& visit,
                               bson::View equal) const {
  const bson::Document find =
      bson::doc("find", collection(), "filter", implementation_->filter(equal));
  for_each_decrypted(implementation_->runner(), implementation_->database(), find,
                     [&](const DecryptedView& stored) {
                       const bson::Document document = Implementation::plaintext(stored);
                       return visit(document);
                     });
}

std::int64_t HistoricalModel::count(bson::View equal) const {
  std::int64_t out = 0;
  for_each(
      [&](bson::View) {
        ++out;
        return true;
      },
      equal);
  return out;
}

std::optional<bson::Document> HistoricalModel::find_one(bson::View equal) const {
  std::optional<bson::Document> out;
  for_each(
      [&](bson::View document) {
        out = bson::Document(document);
        return false;
      },
      equal);
  return out;
}

void HistoricalModel::insert(bson::View document) const {
  bson::Builder out;
  out.append("insert", collection()).open_array("documents").push_document();
  if (!document.contains("_id")) out.append("_id", ObjectId::generate());
  out.append_all(document).close().close();
  const bson::Document command = out.finish();
  run_checked(implementation_->runner(), implementation_->database(), command);
}

std::int64_t HistoricalModel::update_each(const std::function<bson::Document(bson::View)>& change,
                                          bson::View equal) const {
  std::int64_t changed = 0;
  for_each(
      [&](bson::View document) {
        const bson::Document set = change(document);
        if (set.view().empty()) return true;
        for (const bson::Element& element : set.view()) implementation_->check_path(element.key());
        const bson::Document update = bson::doc("$set", set);
        implementation_->update(document["_id"], update);
        ++changed;
        return true;
      },
      equal);
  return changed;
}

std::int64_t HistoricalModel::unset(const std::vector<std::string>& paths, bson::View equal) const {
  bson::Builder gone;
  for (const std::string& path : paths) {
    implementation_->check_path(path);
    gone.append(path, "");
  }
  const bson::Document update = bson::doc("$unset", gone.finish());
  std::int64_t changed = 0;
  for_each(
      [&](bson::View document) {
        if (std::none_of(paths.begin(), paths.end(), [&](const std::string& path) {
              return static_cast<bool>(document.at_path(path));
            })) {
          return true;
        }
        implementation_->update(document["_id"], update);
        ++changed;
        return true;
      },
      equal);
  return changed;
}

namespace internal {

HistoricalModel historical_model(Connection& connection, migrations::ModelState model) {
  return HistoricalModel(
      std::make_shared<HistoricalModel::Implementation>(connection, std::move(model)));
}

}  // namespace internal
}  // namespace quern
