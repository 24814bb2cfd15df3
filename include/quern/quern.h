// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Everything an application needs: models, query sets, the project and its manage binary.
#ifndef QUERN_QUERN_H_
#define QUERN_QUERN_H_

#include "quern/models/models.h"
#include "quern/project/manage.h"
#include "quern/project/project.h"

#endif  // QUERN_QUERN_H_
