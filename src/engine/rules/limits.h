// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// How large a document may be.
#ifndef QUERN_ENGINE_RULES_LIMITS_H_
#define QUERN_ENGINE_RULES_LIMITS_H_

#include <cstddef>

namespace quern::engine {

inline constexpr std::size_t kMaxDocumentBytes = 16 * 1024 * 1024;

}  // namespace quern::engine

#endif  // QUERN_ENGINE_RULES_LIMITS_H_
