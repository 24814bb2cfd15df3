// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <quern/models/models.h>
