// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "quern/base/bytes.h"

namespace quern {
namespace {

using Sample = std::array<std::uint8_t, 16>;

Sample draw() {
  Sample sample;
  random_bytes(sample);
  return sample;
}

TEST(Random, NeverHandsOutTheSameBytesTwice) {
  std::vector<Sample> samples(1000);
  for (Sample& sample : samples) random_bytes(sample);
  std::sort(samples.begin(), samples.end());
  EXPECT_EQ(std::adjacent_find(samples.begin(), samples.end()), samples.end());
}

TEST(Random, ParentAndChildDrawDifferentBytesAfterAFork) {
  draw();  // the buffer is filled before the fork
  int pipes[2];
  ASSERT_EQ(pipe(pipes), 0);
  const pid_t child = fork();
  if (child == 0) {
    const Sample sample = draw();
    const bool written =
        write(pipes[1], sample.data(), sample.size()) == static_cast<ssize_t>(sample.size());
    _exit(written ? 0 : 1);
  }
  Sample of_child;
  ASSERT_EQ(read(pipes[0], of_child.data(), of_child.size()),
            static_cast<ssize_t>(of_child.size()));
  EXPECT_NE(draw(), of_child);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  close(pipes[0]);
  close(pipes[1]);
}

TEST(Random, LargeRequestsAreFilledWhole) {
  Bytes bytes(100'000);
  random_bytes(bytes);
  EXPECT_LT(std::count(bytes.begin(), bytes.end(), 0), 1000);
}

}  // namespace
}  // namespace quern
