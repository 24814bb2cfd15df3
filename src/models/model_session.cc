// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/model_session.h"

#include <fmt/format.h>

#include "models/write_commands.h"
#include "quern/command/command_runner.h"
#include "quern/command/reply.h"
#include "quern/models/internal/query.h"

namespace quern {

std::string ModelSession::explain_route(const ModelRef& model, std::string_view alias) {
  return fmt::format("Set auto_encryption for '{}' or route {}.{} elsewhere.", alias,
                     model.app_label, model.name);
}

Reply ModelSession::run(const Target& target, bson::View command) {
  return run_checked(*target.runner, target.database, command);
}

void ModelSession::on_commit(std::function<void()> action) { action(); }

namespace internal {
namespace {

void validate_object(const ModelInfo& model, const void* object) {
  Faults faults;
  validate_members(model, object, faults);
  faults.raise_if_any();
}

void insert_object(ModelSession& session, const ModelRef& ref, const Target& target, void* object) {
  Id& id = id_of(*ref.info, object);
  const Id before = id;
  if (!id.is_set()) id = Id(ObjectId::generate());
  try {
    bson::Builder command = start_insert(ref.collection);
    command.push_document();
    encode_members(*ref.info, object, command);
    command.close();
    session.run(target, finish_insert(command).view());
  } catch (...) {
    id = before;
    throw;
  }
}

}  // namespace

Id& id_of(const ModelInfo& model, void* object) {
  return *static_cast<Id*>(
      static_cast<void*>(static_cast<char*>(object) + model.primary_key()->offset));
}

std::string does_not_exist_text(const ModelInfo& model) {
  return model.name + " matching query does not exist.";
}

Target checked_target(ModelSession& session, const ModelRef& model, Access access,
                      std::string_view database, const Hints& hints) {
  const std::string alias =
      database.empty() ? session.choose_database(model, access, hints) : std::string(database);
  Target target = session.target(alias);
  if (!target.encrypting && model.info->has_encrypted_fields()) {
    throw ImproperlyConfigured(fmt::format(
        "Cannot {} encrypted field '{}' of {}.{} in non-encrypted database '{}'. {}",
        access == Access::kWrite ? "save" : "query", encrypted_paths(*model.info).front().path,
        model.app_label, model.name, alias, session.explain_route(model, alias)));
  }
  return target;
}

void save_object(ModelSession& session, const ModelInfo& model, void* object,
                 const SaveRequest& request) {
  const ModelRef& ref = session.registered(model);
  Id& id = id_of(model, object);
  if (request.force_insert && (request.force_update || !request.only.empty())) {
    throw Error(ErrorCode::kInvalidOptions,
                "Cannot force both insert and updating in model saving.");
  }
  const Target target = checked_target(session, ref, Access::kWrite, request.database,
                                       Hints{.instance_database = id.database()});
  if (request.validate) validate_object(model, object);

  const bool must_update = request.force_update || !request.only.empty();
  if (must_update && !id.is_set()) {
    throw Error(ErrorCode::kInvalidOptions,
                "Cannot force an update in save() with no primary key.");
  }
  bool updated = false;
  if (id.is_set() && !request.force_insert) {
    const SetMembers members = set_members(model, object, request.only);
    const bson::Document command =
        update_by_id(ref.collection, id.value(), {}, members.set, members.unset);
    updated = session.run(target, command).view()["n"].whole_number().value_or(0) > 0;
    if (!updated && must_update) {
      throw DatabaseError(ErrorCode::kOperationFailed,
                          request.only.empty()
                              ? "Forced update did not affect any rows."
                              : "Save with update_fields did not affect any rows.");
    }
  }
  if (!updated) insert_object(session, ref, target, object);
  id.remember(target.alias);
}

bool load_object(ModelSession& session, const ModelInfo& model, const Id& id, void* object) {
  if (!id.is_set()) return false;
  const Hints hints{.instance_database = id.database()};
  const Target target =
      checked_target(session, session.registered(model), Access::kRead, "", hints);
  const Query query(session, model, target.alias);
  return query.filter(bson::doc("_id", id.value()).view()).first(object);
}

bool remove_object(ModelSession& session, const ModelInfo& model, void* object) {
  const ModelRef& ref = session.registered(model);
  Id& id = id_of(model, object);
  if (!id.is_set()) {
    throw Error(ErrorCode::kBadValue,
                fmt::format("{} object can't be deleted because its {} is not set.", model.name,
                            model.primary_key()->name));
  }
  const Target target =
      checked_target(session, ref, Access::kWrite, "", Hints{.instance_database = id.database()});
  const bson::Document reply =
      session.run(target, remove_where(ref.collection, bson::doc("_id", id.value()), 1));
  id.clear();
  return reply["n"].whole_number().value_or(0) > 0;
}

}  // namespace internal
}  // namespace quern
