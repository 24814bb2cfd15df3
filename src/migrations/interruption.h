// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A migration that was interrupted starts anew, with documents that some of its operations have
// changed already. Each operation stands that, but two may not stand each other: when one empties a
// stored name and a later one fills it, the first would take away or move, the second time, what the
// later one put there.
#ifndef QUERN_MIGRATIONS_INTERRUPTION_H_
#define QUERN_MIGRATIONS_INTERRUPTION_H_

#include "migrations/graph.h"

namespace quern::migrations {

// Throws MigrationError that names both operations of such a migration. state: before it.
void refuse_reused_names(const Migration& migration, const State& state, bool backwards);
// The same for every step.
void refuse_reused_names(const Plan& plan, const Graph& graph);

}  // namespace quern::migrations

#endif  // QUERN_MIGRATIONS_INTERRUPTION_H_
