// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "clinic/progress.h"

#include <gtest/gtest.h>

#include <sstream>

namespace clinic {
namespace {

// A Progress over 1000 bytes on a clock that the test moves.
class ProgressTest : public testing::Test {
 protected:
  Progress progress(bool terminal, std::int64_t done_before = 0) {
    console_.out_is_terminal = terminal;
    return Progress(console_, "patients", done_before, 1000, [this] { return now_; });
  }
  void pass(int milliseconds) { now_ += std::chrono::milliseconds(milliseconds); }
  std::string shown() {
    std::string text = out_.str();
    out_.str("");
    return text;
  }

  std::chrono::steady_clock::time_point now_;
  std::ostringstream out_;
  std::ostringstream err_;
  std::istringstream in_;
  quern::Console console_{.out = out_, .err = err_, .in = in_};
};

TEST_F(ProgressTest, ATerminalsLineIsRedrawnFourTimesASecondAndRemoved) {
  Progress line = progress(true);
  pass(249);
  line.update(10, 100);
  EXPECT_EQ(shown(), "");
  pass(1);
  line.update(50, 500);
  EXPECT_EQ(shown(), "\r\033[K50 patients  50%  200/s  ETA 0:00");
  line.clear();
  EXPECT_EQ(shown(), "\r\033[K");
  line.clear();
  EXPECT_EQ(shown(), "") << "nothing is drawn any more";
}

TEST_F(ProgressTest, ElsewhereThereIsALineASecond) {
  Progress line = progress(false);
  pass(999);
  line.update(10, 100);
  EXPECT_EQ(shown(), "");
  pass(1);
  line.update(2000, 100);
  line.update(2001, 101);
  EXPECT_EQ(shown(), "2,000 patients  10%  2,000/s  ETA 0:09\n");
  line.clear();
  EXPECT_EQ(shown(), "");
}

TEST_F(ProgressTest, TheTimeLeftIsThatOfThisRun) {
  Progress line = progress(false, 900);
  pass(2000);
  line.update(4, 900);
  EXPECT_EQ(shown(), "4 patients  90%  2/s  ETA ?\n");
  pass(2000);
  line.update(8, 920);  // 20 bytes in 4 seconds, 80 are left
  EXPECT_EQ(shown(), "8 patients  92%  2/s  ETA 0:16\n");
}

TEST(ProgressText, DurationsNumbersAndSizes) {
  EXPECT_EQ(duration_text(5.4), "0:05");
  EXPECT_EQ(duration_text(65), "1:05");
  EXPECT_EQ(duration_text(3665), "1:01:05");
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(1234567), "1,234,567");
  EXPECT_EQ(grouped(-1234), "-1,234");
  EXPECT_EQ(size_text(500), "500 bytes");
  EXPECT_EQ(size_text(20 * 1024 * 1024), "20.0 MiB");
}

}  // namespace
}  // namespace clinic
