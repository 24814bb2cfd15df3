// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Makes the historical models of an alias.
#ifndef QUERN_PROJECT_HISTORICAL_MODEL_OF_ALIAS_H_
#define QUERN_PROJECT_HISTORICAL_MODEL_OF_ALIAS_H_

#include "migrations/state.h"
#include "project/connection.h"
#include "quern/project/historical_model.h"

namespace quern::internal {

// Borrows the connection.
HistoricalModel historical_model(Connection& connection, migrations::ModelState model);

}  // namespace quern::internal

#endif  // QUERN_PROJECT_HISTORICAL_MODEL_OF_ALIAS_H_
