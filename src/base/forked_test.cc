// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "base/forked.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace quern {
namespace {

TEST(MakerProcess, IsAnotherInAChildAndInItsChildren) {
  const MakerProcess maker;
  EXPECT_FALSE(maker.is_another());
  const pid_t child = ::fork();
  if (child == 0) {
    const MakerProcess own;
    const bool right = maker.is_another() && !own.is_another();
    const pid_t grandchild = right ? ::fork() : -1;
    if (grandchild == 0) ::_exit(maker.is_another() && own.is_another() ? 0 : 1);
    int status = 1;
    ::waitpid(grandchild, &status, 0);
    ::_exit(right && status == 0 ? 0 : 1);
  }
  int status = 1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(maker.is_another()) << "the parent stays what it is";
}

}  // namespace
}  // namespace quern
