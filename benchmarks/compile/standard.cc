// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The standard headers that models need, whatever library stores them.
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>
