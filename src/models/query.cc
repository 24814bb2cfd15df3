// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/internal/query.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "models/assigned_value.h"
#include "models/document_cursor.h"
#include "models/filter.h"
#include "models/member_codec.h"
#include "models/session.h"
#include "models/write_commands.h"
#include "quern/command/reply.h"
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

constexpr std::string_view kOnlyIdColumn[] = {"_id"};
constexpr std::span<const std::string_view> kOnlyId = kOnlyIdColumn;
const IndexKey kByIdKey[] = {{"_id", 1}};
const std::span<const IndexKey> kById = kByIdKey;

std::int64_t count_of(bson::View reply, std::string_view key) {
  return reply[key].whole_number().value_or(0);
}

void append_order(bson::Builder& command, std::span<const IndexKey> order) {
  if (order.empty()) return;
  command.open_document("sort");
  for (const IndexKey& key : order) command.append(key.path, key.direction);
  command.close();
}

void append_projection(bson::Builder& command, std::span<const std::string_view> columns) {
  if (columns.empty()) return;
  command.open_document("projection");
  for (const std::string_view column : columns) command.append(column, 1);
  if (std::ranges::find(columns, "_id") == columns.end()) command.append("_id", 0);
  command.close();
}

bson::Document set_document(AssignedValues values) {
  refuse_faults(values);
  bson::Builder set;
  for (const AssignedValue* value : values) set.append(value->state().path, value->state().value);
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

// Hidden, though Query is exported.
struct __attribute__((visibility("hidden"))) Query::State {
  SessionCore& session;
  const ModelInfo& model;
  std::string database;
  bson::Document filter = {};
  std::optional<std::vector<IndexKey>> order = {};  // nothing: Meta::ordering
  std::optional<std::int64_t> limit = {};
  std::int64_t offset = 0;
  mutable std::atomic<int> users = 1;

  State(SessionCore& in, const ModelInfo& of, std::string on)
      : session(in), model(of), database(std::move(on)) {}
  State(const State& other)
      : session(other.session),
        model(other.model),
        database(other.database),
        filter(other.filter),
        order(other.order),
        limit(other.limit),
        offset(other.offset) {}

  Target target(DatabaseUse use) const {
    return checked_target(session, session.registered(model), use, database, {});
  }
  const std::string& collection() const { return session.registered(model).collection; }
  std::span<const IndexKey> keys() const { return order ? *order : model.ordering; }
  void narrow(bson::View condition) { filter = all_of(filter, condition); }
  void cut(std::int64_t count) {
    limit = std::min(checked_count(count), limit.value_or(INT64_MAX));
    if (limit == 0) filter = nothing();  // to MongoDB, limit 0 means no limit
  }
  // A find of the query; at_most, if given, is an upper bound that fits one batch.
  bson::Document find_command(std::span<const IndexKey> by,
                              std::span<const std::string_view> columns,
                              std::optional<std::int64_t> at_most) const {
    bson::Builder command;
    command.append("find", collection());
    command.append("filter", filter);
    append_order(command, by);
    append_projection(command, columns);
    if (offset > 0) command.append("skip", offset);
    const std::int64_t wanted = std::min(limit.value_or(INT64_MAX), at_most.value_or(INT64_MAX));
    if (wanted > 0 && wanted < INT64_MAX) command.append("limit", wanted);
    if (at_most) command.append("singleBatch", true);
    return command.finish();
  }
  void decode(void* object, const DecryptedView& document, const Target& where) const {
    decode_members(model, object, document, DecodePath{nullptr, model.name});
    remember(session, model, id_of(model, object), where.alias,
             StoredValues::of_document(model, document));
  }

  // Calls change for every document, whole or only its _id, in the order of their Ids; it gives the
  // $set and $unset to send for it.
  UpdateProgress update_in_order(
      const UpdateEachOptions& options, bool whole,
      const std::function<SetMembers(const DecryptedView&, const Target&)>& change) const;
  // Inserts objects with their ids until the command is full; returns how many.
  static std::size_t insert_batch(SessionCore& session, const ModelRef& model, const Target& where,
                                  std::span<void* const> objects, std::span<const ObjectId> ids,
                                  std::size_t batch_size, std::size_t first);
};

Query::Query(SessionCore& session, const ModelInfo& model, std::string database)
    : state_(new State(session, model, std::move(database))) {}
Query::Query(const Query& other) noexcept : state_(other.state_) { ++state_->users; }
Query& Query::operator=(const Query& other) noexcept {
  Query copy(other);
  std::swap(state_, copy.state_);
  return *this;
}
Query::~Query() {
  if (--state_->users == 0) delete state_;
}

const ModelInfo& Query::model() const { return state_->model; }
bool Query::in_transaction() const { return state_->session.current_transaction() != nullptr; }

Query Query::filter(const Condition& condition) const {
  auto state = std::make_unique<State>(*state_);
  state->narrow(condition.filter());
  return Query(state.release());
}

Query Query::exclude(const Condition& condition) const { return filter(none_of(condition)); }

Query Query::order_by(std::span<const IndexKey> keys) const {
  auto state = std::make_unique<State>(*state_);
  state->order.emplace(keys.begin(), keys.end());
  return Query(state.release());
}

Query Query::limit(std::int64_t count) const {
  auto state = std::make_unique<State>(*state_);
  state->cut(count);
  return Query(state.release());
}

Query Query::offset(std::int64_t count) const {
  auto state = std::make_unique<State>(*state_);
  state->offset += std::min(checked_count(count), INT64_MAX - state->offset);
  if (state_->limit) state->cut(std::max<std::int64_t>(*state_->limit - count, 0));
  return Query(state.release());
}

Query Query::on(std::string database) const {
  auto state = std::make_unique<State>(*state_);
  state->database = std::move(database);
  return Query(state.release());
}

struct Cursor::State {
  Query query;
  DocumentCursor documents;
  std::optional<DecryptedView> document = {};
  std::atomic<int> users = 1;

  State(const Query& of, std::span<const std::string_view> columns)
      : query(of),
        documents(of.state_->session, of.state_->target(DatabaseUse::kRead),
                  of.state_->find_command(of.state_->keys(), columns, std::nullopt)) {}
};

Cursor::Cursor(const Query& query, std::span<const std::string_view> columns)
    : state_(new State(query, columns)) {}
Cursor::Cursor(const Cursor& other) noexcept : state_(other.state_) { ++state_->users; }
Cursor& Cursor::operator=(const Cursor& other) noexcept {
  Cursor copy(other);
  std::swap(state_, copy.state_);
  return *this;
}
Cursor::~Cursor() {
  if (--state_->users == 0) delete state_;
}

bool Cursor::next() {
  state_->document = state_->documents.next();
  return state_->document.has_value();
}

bool Cursor::at_end() const { return !state_->document; }

void Cursor::read(void* object) const {
  state_->query.state_->decode(object, *state_->document, state_->documents.target());
}

void Cursor::read(const ValueType& type, bool encrypted, void* value, std::string_view path) const {
  const DecodePath model{nullptr, state_->query.model().name};
  decode_stored(type, encrypted, value, state_->document->at_path(path),
                DecodePath{&model, path, 0, encrypted});
}

bool Query::first(void* object) const {
  const State& query = *state_;
  const std::span<const IndexKey> keys = query.keys();
  const bson::Document command = query.find_command(keys.empty() ? kById : keys, {}, 1);
  DocumentCursor cursor(query.session, query.target(DatabaseUse::kRead), command);
  const std::optional<DecryptedView> document = cursor.next();
  if (document) query.decode(object, *document, cursor.target());
  return document.has_value();
}

std::size_t Query::get(void* object) const {
  // The order of the only object doesn't matter, except to a slice.
  const State& query = *state_;
  const bool sliced = query.limit || query.offset > 0;
  const bson::Document command =
      query.find_command(sliced ? query.keys() : std::span<const IndexKey>(), {}, kGetLimit);
  DocumentCursor cursor(query.session, query.target(DatabaseUse::kRead), command);
  std::size_t found = 0;
  while (const std::optional<DecryptedView> document = cursor.next()) {
    if (++found == 1) query.decode(object, *document, cursor.target());
  }
  return found;
}

bool Query::exists() const {
  DocumentCursor cursor(state_->session, state_->target(DatabaseUse::kRead),
                        state_->find_command({}, kOnlyId, 1));
  return cursor.next().has_value();
}

// The count command is not allowed in transactions; an aggregation is.
std::int64_t Query::count() const {
  const Target where = state_->target(DatabaseUse::kRead);
  const std::string& collection = state_->collection();
  bson::Builder command;
  if (!in_transaction()) {
    command.append("count", collection).append("query", state_->filter);
    if (state_->limit.value_or(0) > 0) command.append("limit", *state_->limit);
    if (state_->offset > 0) command.append("skip", state_->offset);
    return count_of(state_->session.execute(where, command.finish()), "n");
  }
  command.append("aggregate", collection).open_array("pipeline");
  command.push(bson::doc("$match", state_->filter));
  if (state_->offset > 0) command.push(bson::doc("$skip", state_->offset));
  if (state_->limit.value_or(0) > 0) command.push(bson::doc("$limit", *state_->limit));
  command.push(bson::doc("$count", "n")).close();
  command.append("cursor", bson::Document());
  DocumentCursor cursor(state_->session, where, command.finish());
  const std::optional<DecryptedView> counted = cursor.next();
  return counted ? count_of(counted->raw(), "n") : 0;
}

std::int64_t Query::update(AssignedValues values) const {
  const Target where = state_->target(DatabaseUse::kWrite);
  if (where.encrypting) {
    throw NotSupported(fmt::format(
        "Multi-document updates are not allowed with Queryable Encryption, and database '{}' is "
        "encrypted: use update_each(), which updates object by object.",
        where.alias));
  }
  const bson::Document command =
      update_all(state_->collection(), state_->filter, set_document(values));
  return count_of(state_->session.execute(where, command), "n");
}

bool Query::update_one(const void* object, AssignedValues values, void* fresh) const {
  const Id& id = id_of(model(), const_cast<void*>(object));
  const bson::Document command =
      update_by_id(state_->collection(), id.value(), {}, set_document(values), {});
  state_->session.execute(state_->target(DatabaseUse::kWrite), command);
  return load_object(state_->session, model(), object, fresh);
}

UpdateProgress Query::State::update_in_order(
    const UpdateEachOptions& options, bool whole,
    const std::function<SetMembers(const DecryptedView&, const Target&)>& change) const {
  const Target where = target(DatabaseUse::kWrite);
  State rest(*this);
  if (options.after) rest.narrow(bson::doc("_id", bson::doc("$gt", *options.after)));
  const std::span<const std::string_view> columns =
      whole ? std::span<const std::string_view>() : kOnlyId;
  DocumentCursor cursor(session, where, rest.find_command(kById, columns, std::nullopt));
  UpdateProgress progress;
  while (const std::optional<DecryptedView> document = cursor.next()) {
    const ObjectId id = document->raw()["_id"].as_object_id();
    const SetMembers members = change(*document, where);
    const bson::Document reply =
        session.execute(where, update_by_id(collection(), id, filter, members.set, members.unset));
    progress.matched += count_of(reply, "n");
    progress.modified += count_of(reply, "nModified");
    progress.last = id;
    if (options.progress) options.progress(progress);
  }
  return progress;
}

UpdateProgress Query::update_each(AssignedValues values, const UpdateEachOptions& options) const {
  const bson::Document set = set_document(values);
  return state_->update_in_order(options, false, [&](const DecryptedView&, const Target&) {
    return SetMembers{set, {}, {}};
  });
}

UpdateProgress Query::update_each(void* object, const Callback<>& change, const Callback<>& reset,
                                  const UpdateEachOptions& options) const {
  return state_->update_in_order(
      options, true, [&](const DecryptedView& document, const Target& where) {
        reset();
        state_->decode(object, document, where);
        const auto read = id_of(model(), object).stored();
        change();
        validate_object(model(), object);
        return set_members(model(), object, {}, read ? &read->values : nullptr);
      });
}

// A multi-document delete is one command, except on encrypted collections, where the protocol wants
// one document a command.
std::int64_t Query::remove() const {
  const Target where = state_->target(DatabaseUse::kWrite);
  const std::string& collection = state_->collection();
  if (!where.encrypting || !model().has_encrypted_fields()) {
    return count_of(state_->session.execute(where, remove_where(collection, state_->filter, 0)),
                    "n");
  }
  DocumentCursor cursor(state_->session, where, state_->find_command(kById, kOnlyId, std::nullopt));
  std::int64_t removed = 0;
  while (const std::optional<DecryptedView> document = cursor.next()) {
    const bson::Document by_id = bson::doc("_id", document->raw()["_id"].value());
    const bson::Document both = all_of(by_id, state_->filter);
    removed += count_of(state_->session.execute(where, remove_where(collection, both, 1)), "n");
  }
  return removed;
}

std::size_t Query::State::insert_batch(SessionCore& session, const ModelRef& model,
                                       const Target& where, std::span<void* const> objects,
                                       std::span<const ObjectId> ids, std::size_t batch_size,
                                       std::size_t first) {
  const std::size_t growth =
      where.encrypting ? kPayloadOverhead * encrypted_paths(*model.info).size() : 0;
  const std::size_t end =
      first + std::min({batch_size, kMaxInsertDocuments, objects.size() - first});
  bson::Builder command = start_insert(model.collection);
  std::size_t next = first;
  for (; next < end; ++next) {
    bson::Builder document;
    if (!id_of(*model.info, objects[next]).is_set()) document.append("_id", ids[next]);
    append_object(*model.info, objects[next], document);
    const bson::Document encoded = document.finish();
    // One that is too large by itself goes alone.
    const std::size_t grown = command.size() + encoded.size() + (next - first + 1) * growth;
    if (next > first && grown > kMaxInsertBytes) break;
    command.push(encoded);
  }
  try {
    session.execute(where, finish_insert(command));
  } catch (const WriteIntegrityError& error) {
    IntegrityError with_index(
        error.code(), fmt::format("object {} of bulk_create(): {}",
                                  first + static_cast<std::size_t>(error.index()), error.what()));
    for (const std::string& label : error.labels()) with_index.add_label(label);
    throw with_index;
  }
  return next;
}

void Query::create(void* object) const {
  save_object(state_->session, model(), object,
              {.database = state_->database,
               .force_insert = true,
               .force_update = false,
               .validate = true,
               .only = {}});
}

void Query::insert(void* first_object, std::size_t size, std::size_t count,
                   const BulkCreateOptions& options) const {
  std::vector<void*> objects;
  objects.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    objects.push_back(static_cast<char*>(first_object) + i * size);
  }
  if (options.batch_size == 0) {
    throw Error(ErrorCode::kBadValue, "bulk_create() needs a batch_size above 0");
  }
  const Target where = state_->target(DatabaseUse::kWrite);
  const ModelRef& ref = state_->session.registered(model());
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
  const auto insert_batches = [&](SessionCore& session, const auto& inserted) {
    for (std::size_t next = 0; next < objects.size();) {
      const std::size_t first = next;
      next = State::insert_batch(session, ref, where, objects, ids, options.batch_size, first);
      inserted(first, next);
    }
  };
  const auto set_ids = [&](std::size_t first, std::size_t end) {
    for (std::size_t i = first; i < end; ++i) {
      Id& id = id_of(model(), objects[i]);
      id = Id(ids[i]);
      remember(state_->session, model(), id, where.alias, stored_values(model(), objects[i]));
    }
  };
  if (options.atomic && objects.size() > 1 && !in_transaction()) {
    run_transaction(state_->session, where.alias, [&](Transaction& tx) {
      SessionCore& in = core_of(tx);
      in.target(where.alias);
      insert_batches(in, [](std::size_t, std::size_t) {});
    });
    set_ids(0, objects.size());
  } else {
    insert_batches(state_->session, set_ids);
  }
}

}  // namespace quern::internal
