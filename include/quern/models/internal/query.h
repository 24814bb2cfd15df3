// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What a query set does, without the model's type: an immutable description of a query, shared by
// copies, and the commands that run it.
#ifndef QUERN_MODELS_INTERNAL_QUERY_H_
#define QUERN_MODELS_INTERNAL_QUERY_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "quern/base/export.h"
#include "quern/models/assignment.h"
#include "quern/models/bulk_options.h"
#include "quern/models/index_info.h"
#include "quern/models/model_session.h"

namespace quern::internal {

class Query;

// Documents of a running find, batch by batch. Copies are the same one. Closes the server's cursor
// when the last is destroyed early.
class QUERN_EXPORT Cursor {
 public:
  // columns: stored paths to read only; none: whole documents.
  explicit Cursor(const Query& query, std::span<const std::string_view> columns = {});
  Cursor(const Cursor& other) noexcept;
  Cursor& operator=(const Cursor& other) noexcept;
  ~Cursor();

  // Goes to the next document; false at the end.
  bool next();
  // Whether next() has come to the end.
  bool at_end() const;
  // Reads the document at hand into an object of the model, or one value of it.
  void read(void* object) const;
  void read(const ValueType& type, bool encrypted, void* value, std::string_view path) const;

 private:
  struct State;
  State* state_;
};

class QUERN_EXPORT Query {
 public:
  Query(SessionCore& session, const ModelInfo& model, std::string database);
  Query(const Query& other) noexcept;
  Query& operator=(const Query& other) noexcept;
  ~Query();

  Query filter(const Condition& condition) const;
  Query exclude(const Condition& condition) const;
  Query order_by(std::span<const IndexKey> keys) const;
  // Slices of what the query gives, so they add up: limit(5).offset(2) are three documents. A
  // negative count throws Error(BadValue).
  Query limit(std::int64_t count) const;
  Query offset(std::int64_t count) const;
  Query on(std::string database) const;

  // The first document, in the query's order or by Id.
  bool first(void* object) const;
  // Decodes the only document into object and returns how many there are (at most 21 are looked
  // at).
  std::size_t get(void* object) const;
  std::int64_t count() const;
  bool exists() const;

  std::int64_t update(AssignedValues values) const;
  // Sets values on an object that was found before, and reads it again into a default-constructed
  // one. False if it is gone.
  bool update_one(const void* object, AssignedValues values, void* fresh) const;
  UpdateProgress update_each(AssignedValues values, const UpdateEachOptions& options) const;
  UpdateProgress update_each(void* object, const Callback<>& change, const Callback<>& reset,
                             const UpdateEachOptions& options) const;
  std::int64_t remove() const;
  // Inserts an object, as save() does.
  void create(void* object) const;
  // size: of an object; they lie one behind the other.
  void insert(void* objects, std::size_t size, std::size_t count,
              const BulkCreateOptions& options) const;

  const ModelInfo& model() const;
  bool in_transaction() const;

 private:
  friend class Cursor;
  struct State;
  explicit Query(const State* state) : state_(state) {}
  const State* state_;
};

QUERN_EXPORT std::string multiple_objects_text(const ModelInfo& model, std::size_t count);

}  // namespace quern::internal

#endif  // QUERN_MODELS_INTERNAL_QUERY_H_
