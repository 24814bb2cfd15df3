// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/model_session.h"

#include <fmt/format.h>

#include "models/member_codec.h"
#include "models/session.h"
#include "models/write_commands.h"
#include "quern/command/command_runner.h"
#include "quern/command/reply.h"
#include "quern/models/internal/query.h"

namespace quern {

void ModelSession::on_commit(Callback<> action) { core_->after_commit(std::move(action)); }

Reply ModelSession::run(std::string_view database, bson::View command) {
  return core_->execute(core_->target(database), command);
}

namespace internal {

std::string SessionCore::explain_route(const ModelRef& model, std::string_view alias) {
  return fmt::format("Set auto_encryption for '{}' or route {}.{} elsewhere.", alias,
                     model.app_label, model.name);
}

Reply SessionCore::do_execute(const Target& target, bson::View command) {
  return run_checked(*target.runner, target.database, command);
}

namespace {

void insert_object(SessionCore& session, const ModelRef& ref, const Target& target, void* object) {
  Id& id = id_of(*ref.info, object);
  const Id before = id;
  if (!id.is_set()) id = Id(ObjectId::generate());
  try {
    bson::Builder command = start_insert(ref.collection);
    command.push_document();
    append_object(*ref.info, object, command);
    command.close();
    session.execute(target, finish_insert(command).view());
  } catch (...) {
    id = before;
    throw;
  }
}

}  // namespace

std::string does_not_exist_text(const ModelInfo& model) {
  return model.name + " matching query does not exist.";
}

Target checked_target(SessionCore& session, const ModelRef& model, DatabaseUse use,
                      std::string_view database, const Hints& hints) {
  const std::string alias =
      database.empty() ? session.choose_database(model, use, hints) : std::string(database);
  session.check_exists(model, alias, use);
  Target target = session.target(alias);
  if (!target.encrypting && model.info->has_encrypted_fields()) {
    throw ImproperlyConfigured(fmt::format(
        "Cannot {} encrypted field '{}' of {}.{} in non-encrypted database '{}'. {}",
        use == DatabaseUse::kWrite ? "save" : "query", encrypted_paths(*model.info).front().path,
        model.app_label, model.name, alias, session.explain_route(model, alias)));
  }
  session.check_model(model, target);
  return target;
}

const StoredValues* known_values(const SessionCore& session, const ModelInfo& model, const Id& id,
                                 std::string_view alias) {
  const StoredDocument* stored = id.stored().get();
  const bool holds = stored != nullptr && stored->model == &model && id.database() == alias &&
                     stored->origin->holds_for(*session.origin());
  return holds ? &stored->values : nullptr;
}

void remember(const SessionCore& session, const ModelInfo& model, Id& id, std::string_view alias,
              StoredValues values) {
  if (!model.has_encrypted_fields()) return id.remember(alias);
  id.remember(alias, std::make_shared<const StoredDocument>(
                         StoredDocument{session.origin(), &model, std::move(values)}));
}

void save_object(SessionCore& session, const ModelInfo& model, void* object,
                 const SaveRequest& request) {
  const ModelRef& ref = session.registered(model);
  Id& id = id_of(model, object);
  if (request.force_insert && (request.force_update || !request.only.empty())) {
    throw Error(ErrorCode::kInvalidOptions,
                "Cannot force both insert and updating in model saving.");
  }
  const Target target = checked_target(session, ref, DatabaseUse::kWrite, request.database,
                                       Hints{.instance_database = id.database()});
  if (request.validate) {
    Faults faults;
    validate_members(model, object, faults, request.only);
    faults.raise_if_any();
  }

  const bool must_update = request.force_update || !request.only.empty();
  if (must_update && !id.is_set()) {
    throw Error(ErrorCode::kInvalidOptions,
                "Cannot force an update in save() with no primary key.");
  }
  bool updated = false;
  const auto before = id.stored();
  const StoredValues* known = known_values(session, model, id, target.alias);
  id.remember(id.database());  // what is stored is not known until the database has answered
  SetMembers members;
  if (id.is_set() && !request.force_insert) {
    members = set_members(model, object, request.only, known);
    const bson::Document command =
        update_by_id(ref.collection, id.value(), {}, members.set, members.unset);
    updated = session.execute(target, command).view()["n"].whole_number().value_or(0) > 0;
    if (!updated && must_update) {
      throw DatabaseError(ErrorCode::kOperationFailed,
                          request.only.empty()
                              ? "Forced update did not affect any rows."
                              : "Save with update_fields did not affect any rows.");
    }
  }
  if (!updated) {
    insert_object(session, ref, target, object);
    members.stored = stored_values(model, object);
  }
  remember(session, model, id, target.alias, std::move(members.stored));
}

bool load_object(SessionCore& session, const ModelInfo& model, const void* from, void* object) {
  const Id& id = id_of(model, const_cast<void*>(from));
  if (!id.is_set()) return false;
  const Hints hints{.instance_database = id.database()};
  const Target target =
      checked_target(session, session.registered(model), DatabaseUse::kRead, "", hints);
  const Query query(session, model, target.alias);
  return query.filter(Condition(bson::doc("_id", id.value()))).first(object);
}

bool remove_object(SessionCore& session, const ModelInfo& model, void* object) {
  const ModelRef& ref = session.registered(model);
  Id& id = id_of(model, object);
  if (!id.is_set()) {
    throw Error(ErrorCode::kBadValue,
                fmt::format("{} object can't be deleted because its {} is not set.", model.name,
                            model.primary_key()->name));
  }
  const Target target = checked_target(session, ref, DatabaseUse::kWrite, "",
                                       Hints{.instance_database = id.database()});
  const bson::Document reply =
      session.execute(target, remove_where(ref.collection, bson::doc("_id", id.value()), 1));
  id.clear();
  return reply["n"].whole_number().value_or(0) > 0;
}

}  // namespace internal
}  // namespace quern
