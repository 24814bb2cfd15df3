// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What settings must fulfil whether they come from a file or from code.
#ifndef QUERN_PROJECT_SETTINGS_CHECK_H_
#define QUERN_PROJECT_SETTINGS_CHECK_H_

#include <string>
#include <vector>

#include "project/problems.h"
#include "quern/project/settings.h"

namespace quern {

void check_settings(const Settings& settings, Problems& problems);

// Settings that are accepted but have no effect, each with the reason.
std::vector<std::string> settings_without_effect(const Settings& settings);

}  // namespace quern

#endif  // QUERN_PROJECT_SETTINGS_CHECK_H_
