// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Everything that declares models and queries them.
#ifndef QUERN_MODELS_MODELS_H_
#define QUERN_MODELS_MODELS_H_

#include "quern/models/char.h"
#include "quern/models/choices.h"
#include "quern/models/decimal.h"
#include "quern/models/encrypted.h"
#include "quern/models/id.h"
#include "quern/models/meta.h"
#include "quern/models/model_session.h"
#include "quern/models/query_set.h"
#include "quern/models/transaction.h"
#include "quern/models/validation_error.h"

#endif  // QUERN_MODELS_MODELS_H_
