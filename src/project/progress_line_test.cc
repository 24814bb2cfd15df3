// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "project/progress_line.h"

#include <gtest/gtest.h>

#include <sstream>

namespace quern::internal {
namespace {

using std::chrono::milliseconds;

class HandMovedClock : public Clock {
 public:
  std::chrono::steady_clock::time_point now() override { return now_; }
  std::chrono::sys_time<milliseconds> wall_now() override { return {}; }
  void move(milliseconds by) { now_ += by; }

 private:
  std::chrono::steady_clock::time_point now_{std::chrono::hours(1)};
};

class ProgressLineTest : public testing::Test {
 protected:
  // Every document takes a millisecond.
  void change(ProgressLine& line, int from, int to, int total) {
    for (int i = from; i <= to; ++i) {
      line.update(i, total);
      clock_.move(milliseconds(1));
    }
  }
  Console console(bool terminal) { return {out_, out_, in_, terminal, false}; }

  HandMovedClock clock_;
  std::ostringstream out_;
  std::istringstream in_;
};

TEST_F(ProgressLineTest, AShortChangeShowsNothingButItsResult) {
  for (const bool terminal : {true, false}) {
    out_.str("");
    Console to = console(terminal);
    ProgressLine line(to, clock_);
    line.start("  Applying a...");
    change(line, 1, 100, 100);
    line.finish(" OK");
    EXPECT_EQ(out_.str(), "  Applying a... OK\n");
  }
}

TEST_F(ProgressLineTest, OnATerminalTheLineIsWrittenOver) {
  Console to = console(true);
  ProgressLine line(to, clock_);
  line.start("  Applying a...");
  change(line, 1, 500, 2000);
  EXPECT_EQ(out_.str(),
            "  Applying a..."
            "\r\033[K  Applying a... 201 of 2,000 documents, 1,005 a second, 1 second left"
            "\r\033[K  Applying a... 401 of 2,000 documents, 1,002 a second, 1 second left");
  line.finish(" OK");
  EXPECT_TRUE(out_.str().ends_with("\r\033[K  Applying a... OK\n"));
}

TEST_F(ProgressLineTest, ElsewhereThereIsALineEveryHalfAMinute) {
  Console to = console(false);
  ProgressLine line(to, clock_);
  line.start("  Applying a...");
  change(line, 1, 70'000, 70'000);
  line.finish(" OK");
  EXPECT_EQ(out_.str(),
            "  Applying a..."
            "\n    30,001 of 70,000 documents, 1,000 a second, 39 seconds left"
            "\n    60,001 of 70,000 documents, 1,000 a second, 9 seconds left"
            "\n  Applying a... OK\n");
}

TEST_F(ProgressLineTest, TheNextOperationCountsAnew) {
  Console to = console(true);
  ProgressLine line(to, clock_);
  line.start("  Applying a...");
  change(line, 1, 150, 150);
  change(line, 1, 150, 150);
  line.finish(" OK");
  EXPECT_EQ(out_.str(), "  Applying a... OK\n");
}

TEST(ProgressText, SaysHowMuchIsLeftInWordsOfItsSize) {
  EXPECT_EQ(progress_text(0, 5, milliseconds(0)), "0 of 5 documents");
  EXPECT_EQ(progress_text(1, 1'000, milliseconds(1'000)),
            "1 of 1,000 documents, 1 a second, 16 minutes left");
  EXPECT_EQ(progress_text(1'000, 10'000'000, milliseconds(1'000)),
            "1,000 of 10,000,000 documents, 1,000 a second, 2 hours left");
}

}  // namespace
}  // namespace quern::internal
