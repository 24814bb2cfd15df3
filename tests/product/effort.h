// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// How much the long tests do: the full count in an ordinary build, less under a sanitizer, which
// makes everything several times slower.
#ifndef QUERN_TESTS_PRODUCT_EFFORT_H_
#define QUERN_TESTS_PRODUCT_EFFORT_H_

namespace quern::product {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr int kRandomOperations = 4'000;
#else
inline constexpr int kRandomOperations = 100'000;
#endif

}  // namespace quern::product

#endif  // QUERN_TESTS_PRODUCT_EFFORT_H_
