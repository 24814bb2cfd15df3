// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The parser of each operation, for the table in table.cc.
#ifndef QUERN_MIGRATIONS_OPERATIONS_TABLE_H_
#define QUERN_MIGRATIONS_OPERATIONS_TABLE_H_

#include "migrations/migration_operation.h"
#include "quern/base/error.h"

namespace quern::migrations {

OperationPtr parse_create_model(bson::View document);
OperationPtr parse_delete_model(bson::View document);
OperationPtr parse_add_field(bson::View document);
OperationPtr parse_remove_field(bson::View document);
OperationPtr parse_alter_field(bson::View document);
OperationPtr parse_rename_field(bson::View document);
OperationPtr parse_add_index(bson::View document);
OperationPtr parse_remove_index(bson::View document);
OperationPtr parse_add_constraint(bson::View document);
OperationPtr parse_remove_constraint(bson::View document);
OperationPtr parse_run_function(bson::View document);

}  // namespace quern::migrations

#endif  // QUERN_MIGRATIONS_OPERATIONS_TABLE_H_
