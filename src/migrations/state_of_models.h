// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The state that the compiled models describe.
#ifndef QUERN_MIGRATIONS_STATE_OF_MODELS_H_
#define QUERN_MIGRATIONS_STATE_OF_MODELS_H_

#include <span>

#include "migrations/state.h"
#include "quern/models/model_info.h"

namespace quern::migrations {

ModelState state_of_model(const ModelRef& model);
State state_of_models(std::span<const ModelRef> models);

}  // namespace quern::migrations

#endif  // QUERN_MIGRATIONS_STATE_OF_MODELS_H_
