// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// For tests: the error that something throws, to look at.
#ifndef QUERN_BASE_TESTING_ERROR_OF_H_
#define QUERN_BASE_TESTING_ERROR_OF_H_

#include <gtest/gtest.h>

#include "quern/base/error.h"

namespace quern {

// Fails the test when action throws nothing; what is no quern::Error goes through.
template <class Action>
Error error_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(0, "");
}

}  // namespace quern

#endif  // QUERN_BASE_TESTING_ERROR_OF_H_
