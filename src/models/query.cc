// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/internal/query.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/write_commands.h"
#include "quern/command/reply.h"
#include "quern/models/expression.h"
#include "quern/models/transaction.h"

namespace quern::internal {
namespace {

constexpr std::int64_t kGetLimit = 21;  // get() looks at no more, as its message says

// What an insert command holds. It travels as one body, of which a server takes 16 MiB, and 100,000
// documents. Encryption comes after this and puts a payload in the place of each encrypted value:
// the value, and about 360 bytes beside it, whatever the value's own size.
constexpr std::size_t kMaxInsertBytes = 15 * 1024 * 1024;
constexpr std::size_t kMaxInsertDocuments = 100'000;
constexpr std::size_t kPayloadOverhead = 400;

std::int64_t count_of(bson::View reply, std::string_view key) {
  return reply[key].whole_number().value_or(0);
}

void append_order(bson::Builder& command, const std::vector<IndexKey>& order) {
  if (order.empty()) return;
  command.open_document("sort");
  for (const IndexKey& key : order) command.append(key.path, key.direction);
  command.close();
}

void append_projection(bson::Builder& command, const std::vector<std::string>& columns) {
  if (columns.empty()) return;
  command.open_document("projection");
  for (const std::string& column : columns) command.append(column, 1);
  if (std::ranges::find(columns, "_id") == columns.end()) command.append("_id", 0);
  command.close();
}

bson::Document set_document(const std::vector<NewValue>& values) {
  bson::Builder set;
  for (const NewValue& value : values) set.append(value.path, value.value);
  return set.finish();
}

std::int64_t checked_count(std::int64_t count) {
  if (count < 0) throw Error(ErrorCode::kBadValue, "Negative indexing is not supported.");
  return count;
}

}  // namespace

std::string multiple_objects_text(const ModelInfo& model, std::size_t count) {
  const bool more = count >= static_cast<std::size_t>(kGetLimit);
  return fmt::format("get() returned more than one {} -- it returned {}{}!", model.name,
                     more ? "more than " : "", more ? count - 1 : count);
}

Query::Query(ModelSession& session, const ModelInfo& model, std::string database)
    : Query(State{session, model, std::move(database), {}, {}, {}, 0}) {}

Query Query::filter(bson::View condition) const {
  State state = *state_;
  state.filter = all_of(state.filter, condition);
  return Query(std::move(state));
}

Query Query::exclude(bson::View condition) const {
  const bson::Document none = none_of(condition);
  return filter(none);
}

Query Query::order_by(std::vector<IndexKey> keys) const {
  State state = *state_;
  state.order = std::move(keys);
  return Query(std::move(state));
}

Query Query::limit(std::int64_t count) const {
  State state = *state_;
  state.limit = std::min(checked_count(count), state.limit.value_or(INT64_MAX));
  if (state.limit == 0) state.filter = nothing();  // to MongoDB, limit 0 means no limit
  return Query(std::move(state));
}

Query Query::offset(std::int64_t count) const {
  State state = *state_;
  state.offset += std::min(checked_count(count), INT64_MAX - state.offset);
  const Query rest(std::move(state));
  return state_->limit ? rest.limit(std::max<std::int64_t>(*state_->limit - count, 0)) : rest;
}

Query Query::on(std::string database) const {
  State state = *state_;
  state.database = std::move(database);
  return Query(std::move(state));
}

Target Query::target(Access access) const {
  return checked_target(session(), session().registered(model()), access, state_->database, {});
}

const std::vector<IndexKey>& Query::order() const {
  return state_->order ? *state_->order : model().ordering;
}

bson::Document Query::find_command(const std::vector<IndexKey>& order,
                                   const std::vector<std::string>& columns,
                                   std::optional<std::int64_t> limit) const {
  bson::Builder command;
  command.append("find", session().registered(model()).collection);
  command.append("filter", state_->filter);
  append_order(command, order);
  append_projection(command, columns);
  if (state_->offset > 0) command.append("skip", state_->offset);
  const std::int64_t wanted =
      std::min(state_->limit.value_or(INT64_MAX), limit.value_or(INT64_MAX));
  if (wanted > 0 && wanted < INT64_MAX) command.append("limit", wanted);
  if (limit) command.append("singleBatch", true);
  return command.finish();
}

std::unique_ptr<Cursor> Query::find(const std::vector<std::string>& columns) const {
  const bson::Document command = find_command(order(), columns, std::nullopt);
  return std::make_unique<Cursor>(session(), target(Access::kRead), command);
}

void Query::decode(void* object, const DecryptedView& document, const Target& target) const {
  decode_members(model(), object, document, DecodePath{nullptr, model().name});
  id_of(model(), object).remember(target.alias);
}

bool Query::first(void* object) const {
  const std::vector<IndexKey> by_id{{"_id", 1}};
  const bson::Document command = find_command(order().empty() ? by_id : order(), {}, 1);
  Cursor cursor(session(), target(Access::kRead), command);
  const std::optional<DecryptedView> document = cursor.next();
  if (document) decode(object, *document, cursor.target());
  return document.has_value();
}

std::size_t Query::get(void* object) const {
  // The order of the only object doesn't matter, except to a slice.
  const bool sliced = state_->limit || state_->offset > 0;
  const bson::Document command =
      find_command(sliced ? order() : std::vector<IndexKey>(), {}, kGetLimit);
  Cursor cursor(session(), target(Access::kRead), command);
  std::size_t found = 0;
  while (const std::optional<DecryptedView> document = cursor.next()) {
    if (++found == 1) decode(object, *document, cursor.target());
  }
  return found;
}

bool Query::exists() const {
  Cursor cursor(session(), target(Access::kRead), find_command({}, {"_id"}, 1));
  return cursor.next().has_value();
}

// The count command is not allowed in transactions; an aggregation is.
std::int64_t Query::count() const {
  const Target where = target(Access::kRead);
  const std::string& collection = session().registered(model()).collection;
  bson::Builder command;
  if (session().current_transaction() == nullptr) {
    command.append("count", collection).append("query", state_->filter);
    if (state_->limit.value_or(0) > 0) command.append("limit", *state_->limit);
    if (state_->offset > 0) command.append("skip", state_->offset);
    return count_of(session().run(where, command.finish()), "n");
  }
  command.append("aggregate", collection).open_array("pipeline");
  command.push(bson::doc("$match", state_->filter));
  if (state_->offset > 0) command.push(bson::doc("$skip", state_->offset));
  if (state_->limit.value_or(0) > 0) command.push(bson::doc("$limit", *state_->limit));
  command.push(bson::doc("$count", "n")).close();
  command.append("cursor", bson::Document());
  Cursor cursor(session(), where, command.finish());
  const std::optional<DecryptedView> counted = cursor.next();
  return counted ? count_of(counted->raw(), "n") : 0;
}

std::int64_t Query::update(const std::vector<NewValue>& values) const {
  const Target where = target(Access::kWrite);
  if (where.encrypting) {
    throw NotSupported(fmt::format(
        "Multi-document updates are not allowed with Queryable Encryption, and database '{}' is "
        "encrypted: use update_each(), which updates object by object.",
        where.alias));
  }
  const bson::Document command =
      update_all(session().registered(model()).collection, state_->filter, set_document(values));
  return count_of(session().run(where, command), "n");
}

bool Query::update_one(const Id& id, const std::vector<NewValue>& values) const {
  const bson::Document command = update_by_id(session().registered(model()).collection, id.value(),
                                              {}, set_document(values), {});
  return count_of(session().run(target(Access::kWrite), command), "n") > 0;
}

UpdateProgress Query::update_in_order(
    const UpdateEachOptions& options, bool whole,
    const std::function<SetMembers(const DecryptedView&, const Target&)>& change) const {
  const Target where = target(Access::kWrite);
  const std::string& collection = session().registered(model()).collection;
  const Query rest =
      options.after ? filter(bson::doc("_id", bson::doc("$gt", *options.after)).view()) : *this;
  const std::vector<std::string> columns =
      whole ? std::vector<std::string>() : std::vector<std::string>{"_id"};
  Cursor cursor(session(), where, rest.find_command({{"_id", 1}}, columns, std::nullopt));
  UpdateProgress progress;
  while (const std::optional<DecryptedView> document = cursor.next()) {
    const ObjectId id = document->raw()["_id"].as_object_id();
    const SetMembers members = change(*document, where);
    const bson::Document reply = session().run(
        where, update_by_id(collection, id, state_->filter, members.set, members.unset));
    progress.matched += count_of(reply, "n");
    progress.modified += count_of(reply, "nModified");
    progress.last = id;
    if (options.progress) options.progress(progress);
  }
  return progress;
}

UpdateProgress Query::update_each(const std::vector<NewValue>& values,
                                  const UpdateEachOptions& options) const {
  const bson::Document set = set_document(values);
  return update_in_order(options, false, [&](const DecryptedView&, const Target&) {
    return SetMembers{set, {}};
  });
}

UpdateProgress Query::update_each(void* object, const std::function<void()>& change,
                                  const std::function<void()>& reset,
                                  const UpdateEachOptions& options) const {
  return update_in_order(options, true, [&](const DecryptedView& document, const Target& where) {
    reset();
    decode(object, document, where);
    change();
    Faults faults;
    validate_members(model(), object, faults);
    faults.raise_if_any();
    return set_members(model(), object, {});
  });
}

// A multi-document delete is one command, except on encrypted collections, where the protocol wants
// one document a command.
std::int64_t Query::remove() const {
  const Target where = target(Access::kWrite);
  const std::string& collection = session().registered(model()).collection;
  if (!where.encrypting || !model().has_encrypted_fields()) {
    return count_of(session().run(where, remove_where(collection, state_->filter, 0)), "n");
  }
  Cursor cursor(session(), where, find_command({{"_id", 1}}, {"_id"}, std::nullopt));
  std::int64_t removed = 0;
  while (const std::optional<DecryptedView> document = cursor.next()) {
    const bson::Document by_id = bson::doc("_id", document->raw()["_id"].value());
    const bson::Document both = all_of(by_id, state_->filter);
    removed += count_of(session().run(where, remove_where(collection, both, 1)), "n");
  }
  return removed;
}

std::size_t Query::insert_batch(ModelSession& session, const ModelRef& model, const Target& where,
                                std::span<void* const> objects, std::span<const ObjectId> ids,
                                std::size_t batch_size, std::size_t first) {
  const std::size_t growth =
      where.encrypting ? kPayloadOverhead * encrypted_paths(*model.info).size() : 0;
  const std::size_t end =
      first + std::min({batch_size, kMaxInsertDocuments, objects.size() - first});
  bson::Builder command = start_insert(model.collection);
  std::size_t next = first;
  for (; next < end; ++next) {
    bson::Builder document;
    if (!id_of(*model.info, objects[next]).is_set()) document.append("_id", ids[next]);
    encode_members(*model.info, objects[next], document);
    const bson::Document encoded = document.finish();
    // One that is too large by itself goes alone.
    const std::size_t grown = command.size() + encoded.size() + (next - first + 1) * growth;
    if (next > first && grown > kMaxInsertBytes) break;
    command.push(encoded);
  }
  try {
    session.run(where, finish_insert(command));
  } catch (const WriteIntegrityError& error) {
    IntegrityError with_index(
        error.code(), fmt::format("object {} of bulk_create(): {}",
                                  first + static_cast<std::size_t>(error.index()), error.what()));
    for (const std::string& label : error.labels()) with_index.add_label(label);
    throw with_index;
  }
  return next;
}

void Query::insert(std::span<void* const> objects, const BulkCreateOptions& options) const {
  if (options.batch_size == 0) {
    throw Error(ErrorCode::kBadValue, "bulk_create() needs a batch_size above 0");
  }
  const Target where = target(Access::kWrite);
  const ModelRef& ref = session().registered(model());
  Faults faults;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const Faults::Scope scope(faults, std::to_string(i));
    validate_members(model(), objects[i], faults);
  }
  faults.raise_if_any();

  std::vector<ObjectId> ids;
  ids.reserve(objects.size());
  for (void* object : objects) {
    const Id& id = id_of(model(), object);
    ids.push_back(id.is_set() ? id.value() : ObjectId::generate());
  }
  const auto insert_batches = [&](ModelSession& session, const auto& inserted) {
    for (std::size_t next = 0; next < objects.size();) {
      const std::size_t first = next;
      next = insert_batch(session, ref, where, objects, ids, options.batch_size, first);
      inserted(first, next);
    }
  };
  const auto set_ids = [&](std::size_t first, std::size_t end) {
    for (std::size_t i = first; i < end; ++i) {
      Id& id = id_of(model(), objects[i]);
      id = Id(ids[i]);
      id.remember(where.alias);
    }
  };
  if (options.atomic && objects.size() > 1 && session().current_transaction() == nullptr) {
    run_transaction(session(), where.alias, [&](Transaction& tx) {
      tx.target(where.alias);
      insert_batches(tx, [](std::size_t, std::size_t) {});
    });
    set_ids(0, objects.size());
  } else {
    insert_batches(session(), set_ids);
  }
}

}  // namespace quern::internal
