// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: Encrypted fields do not support null: use Encrypted<T>, not Encrypted<std::optional<T>>.
#include "clinic.h"

quern::Encrypted<std::optional<int>> bad;
