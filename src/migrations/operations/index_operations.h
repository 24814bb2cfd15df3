// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What AddIndex and AddConstraint, RemoveIndex and RemoveConstraint have in common: a unique
// constraint is an index of the database under another name.
#ifndef QUERN_MIGRATIONS_OPERATIONS_INDEX_OPERATIONS_H_
#define QUERN_MIGRATIONS_OPERATIONS_INDEX_OPERATIONS_H_

#include <string>
#include <vector>

#include "migrations/migration_operation.h"

namespace quern::migrations {

// Where a model keeps one of the two kinds.
using IndexList = std::vector<IndexState> ModelState::*;

class AddIndexed : public MigrationOperation {
 public:
  AddIndexed(std::string model, IndexState index, IndexList list)
      : model_(std::move(model)), index_(std::move(index)), list_(list) {}

  char sign() const override { return '+'; }
  std::string name_fragment() const override;
  std::string model() const override { return model_; }
  void apply_to(State& state, const std::string& app) const override;
  Outcome run(Database& database, const Step& step) const override;
  Outcome undo(Database& database, const Step& step) const override;

 protected:
  const IndexState& index() const { return index_; }

 private:
  std::string model_;
  IndexState index_;
  IndexList list_;
};

class RemoveIndexed : public MigrationOperation {
 public:
  RemoveIndexed(std::string model, std::string name, IndexList list)
      : model_(std::move(model)), name_(std::move(name)), list_(list) {}

  void append_to(bson::Builder& out) const override;
  char sign() const override { return '-'; }
  std::string name_fragment() const override;
  std::string model() const override { return model_; }
  void apply_to(State& state, const std::string& app) const override;
  Outcome run(Database& database, const Step& step) const override;
  Outcome undo(Database& database, const Step& step) const override;

 protected:
  const std::string& name() const { return name_; }

 private:
  std::string model_;
  std::string name_;
  IndexList list_;
};

}  // namespace quern::migrations

#endif  // QUERN_MIGRATIONS_OPERATIONS_INDEX_OPERATIONS_H_
