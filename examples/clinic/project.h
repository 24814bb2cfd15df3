// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#ifndef EXAMPLES_CLINIC_PROJECT_H_
#define EXAMPLES_CLINIC_PROJECT_H_

#include "quern/quern.h"

// The clinic with the settings of ./settings.toml, or of the file that CLINIC_SETTINGS names.
quern::Project make_project();

#endif  // EXAMPLES_CLINIC_PROJECT_H_
