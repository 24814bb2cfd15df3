// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// One step of a migration: how it changes the state, and how it changes a database. Each operation
// is a class in a file of operations/, registered by one line in operations/table.cc. Its JSON form
// is described in docs/format/migrations.md.
#ifndef QUERN_MIGRATIONS_MIGRATION_OPERATION_H_
#define QUERN_MIGRATIONS_MIGRATION_OPERATION_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "migrations/database.h"
#include "migrations/state.h"

namespace quern::migrations {

// What an operation needs to know beside itself. Forwards, `from` is the state before the operation
// and `to` the one after it; backwards it is the other way round.
struct Step {
  const std::string& app;
  const State& from;
  const State& to;
};

// What running an operation did, beside changing documents.
struct Outcome {
  int data_keys_created = 0;
};

// Immutable.
class MigrationOperation {
 public:
  virtual ~MigrationOperation() = default;

  // "CreateModel"; the "op" of the JSON form.
  virtual std::string_view kind() const = 0;
  virtual void append_to(bson::Builder& out) const = 0;  // the members beside "op"
  // "Create model Patient".
  virtual std::string describe() const = 0;
  // '+' adds, '-' removes, '~' alters, 'f' runs a function.
  virtual char sign() const = 0;
  // Its part in a migration's name, such as "patient_age"; empty: none.
  virtual std::string name_fragment() const = 0;
  // The model that routers are asked about; empty for functions.
  virtual std::string model() const = 0;
  virtual bool reversible() const { return true; }
  // The function of the project that it calls in that direction; empty: none.
  virtual std::string function(bool /*backwards*/) const { return ""; }

  // Throws Error(FailedToParse) when the state has no such model or field, and NotSupported when an
  // encrypted collection cannot make the change.
  virtual void apply_to(State& state, const std::string& app) const = 0;

  // Both may be run again after they were interrupted.
  virtual Outcome run(Database& database, const Step& step) const = 0;
  virtual Outcome undo(Database& database, const Step& step) const = 0;
};

using OperationPtr = std::shared_ptr<const MigrationOperation>;

// Throws Error(FailedToParse) for an unknown "op" and for malformed members.
OperationPtr parse_operation(bson::View document);
bson::Document to_bson(const MigrationOperation& operation);

// Each class, by what the autodetector needs to make one. Models are named without their app.
OperationPtr create_model(ModelState model);
OperationPtr delete_model(std::string model);
// value: what documents that are there get, in place of the field's default; missing: the default.
OperationPtr add_field(std::string model, std::string parent, FieldState field,
                       bson::Value value = {});
OperationPtr remove_field(std::string model, std::string member_path);
// value: the same of documents in which the member is null, when it may be that no more.
OperationPtr alter_field(std::string model, std::string parent, FieldState field,
                         bson::Value value = {});
// column: the stored name from now on; empty: the new name if the old one was the member's.
OperationPtr rename_field(std::string model, std::string member_path, std::string new_name,
                          std::string column = {});
OperationPtr add_index(std::string model, IndexState index);
OperationPtr remove_index(std::string model, std::string name);
OperationPtr add_constraint(std::string model, IndexState constraint);
OperationPtr remove_constraint(std::string model, std::string name);
OperationPtr run_function(std::string forwards, std::string backwards);

}  // namespace quern::migrations

#endif  // QUERN_MIGRATIONS_MIGRATION_OPERATION_H_
