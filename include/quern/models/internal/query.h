// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What a query set does, without the model's type: an immutable description of a query, shared by
// copies, and the commands that run it.
#ifndef QUERN_MODELS_INTERNAL_QUERY_H_
#define QUERN_MODELS_INTERNAL_QUERY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "quern/base/export.h"
#include "quern/base/object_id.h"
#include "quern/models/bulk_options.h"
#include "quern/models/model_session.h"

namespace quern {

namespace internal {

// Documents of a running find, batch by batch. Closes the server's cursor when destroyed early.
class QUERN_EXPORT Cursor {
 public:
  Cursor(ModelSession& session, Target target, bson::View find);
  ~Cursor();
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;

  // The next document, valid until the next call; nothing at the end.
  std::optional<DecryptedView> next();
  const Target& target() const { return target_; }

 private:
  void take(Reply reply, std::string_view batch);

  ModelSession& session_;
  Target target_;
  Reply reply_;
  std::optional<DecryptedView::Iterator> batch_;
  std::int64_t id_ = 0;
  std::string collection_;
};

struct NewValue {
  std::string path;
  bson::Value value;
};

class QUERN_EXPORT Query {
 public:
  Query(ModelSession& session, const ModelInfo& model, std::string database);
  // Copies only: one that was moved from is still a query.
  Query(const Query&) = default;
  Query& operator=(const Query&) = default;

  Query filter(bson::View condition) const;
  Query exclude(bson::View condition) const;
  Query order_by(std::vector<IndexKey> keys) const;
  // Slices of what the query gives, so they add up: limit(5).offset(2) are three documents. A
  // negative count throws Error(BadValue).
  Query limit(std::int64_t count) const;
  Query offset(std::int64_t count) const;
  Query on(std::string database) const;

  std::unique_ptr<Cursor> find(const std::vector<std::string>& columns = {}) const;
  // The first document, in the query's order or by Id.
  bool first(void* object) const;
  // Decodes the only document into object and returns how many there are (at most 21 are looked
  // at).
  std::size_t get(void* object) const;
  std::int64_t count() const;
  bool exists() const;

  std::int64_t update(const std::vector<NewValue>& values) const;
  bool update_one(const Id& id, const std::vector<NewValue>& values) const;
  UpdateProgress update_each(const std::vector<NewValue>& values,
                             const UpdateEachOptions& options) const;
  UpdateProgress update_each(void* object, const std::function<void()>& change,
                             const std::function<void()>& reset,
                             const UpdateEachOptions& options) const;
  std::int64_t remove() const;
  void insert(std::span<void* const> objects, const BulkCreateOptions& options) const;

  void decode(void* object, const DecryptedView& document, const Target& target) const;
  ModelSession& session() const { return state_->session; }
  const ModelInfo& model() const { return state_->model; }
  const std::string& database() const { return state_->database; }

 private:
  struct State {
    ModelSession& session;
    const ModelInfo& model;
    std::string database;
    bson::Document filter;
    std::optional<std::vector<IndexKey>> order;  // nothing: Meta::ordering
    std::optional<std::int64_t> limit;
    std::int64_t offset = 0;
  };
  // Inserts objects with their ids until the command is full; returns how many.
  static std::size_t insert_batch(ModelSession& session, const ModelRef& model, const Target& where,
                                  std::span<void* const> objects, std::span<const ObjectId> ids,
                                  std::size_t batch_size, std::size_t first);
  explicit Query(State state) : state_(std::make_shared<const State>(std::move(state))) {}
  Target target(Access access) const;
  // A find of the query; limit, if given, is an upper bound that fits one batch.
  bson::Document find_command(const std::vector<IndexKey>& order,
                              const std::vector<std::string>& columns,
                              std::optional<std::int64_t> limit) const;
  const std::vector<IndexKey>& order() const;
  // Calls change for every document, whole or only its _id, in the order of their Ids; it gives the
  // $set and $unset to send for it.
  UpdateProgress update_in_order(
      const UpdateEachOptions& options, bool whole,
      const std::function<SetMembers(const DecryptedView&, const Target&)>& change) const;

  std::shared_ptr<const State> state_;
};

QUERN_EXPORT std::string multiple_objects_text(const ModelInfo& model, std::size_t count);

}  // namespace internal

}  // namespace quern

#endif  // QUERN_MODELS_INTERNAL_QUERY_H_
