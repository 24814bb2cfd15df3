// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/value/compiled_regex.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/testing/error_of.h"

namespace quern::query {
namespace {

std::string prefix_of(const char* pattern, const char* options = "") {
  const auto prefix = CompiledRegex(pattern, options).literal_prefix();
  return prefix.value_or("none");
}

TEST(CompiledRegex, APrefixIsWhatEveryMatchBeginsWith) {
  EXPECT_EQ(prefix_of("^abc"), "abc");
  EXPECT_EQ(prefix_of("^ab.c"), "ab");
  EXPECT_EQ(prefix_of("^abc*"), "ab");
  EXPECT_EQ(prefix_of("^abc?d"), "ab");
  EXPECT_EQ(prefix_of("^a\\.b"), "a.b");
  EXPECT_EQ(prefix_of("^a\\d"), "a");
  EXPECT_EQ(prefix_of("\\Aab"), "ab");
  EXPECT_EQ(prefix_of("^é+x"), "none");
  EXPECT_EQ(prefix_of("^aé*x"), "a");
  EXPECT_EQ(prefix_of("abc"), "none");
  EXPECT_EQ(prefix_of("^abc|d"), "none");
  EXPECT_EQ(prefix_of("^(abc)"), "none");
  EXPECT_EQ(prefix_of("^abc", "i"), "none");
  EXPECT_EQ(prefix_of("^abc", "m"), "none");
  EXPECT_EQ(prefix_of("^abc", "x"), "none");
}

TEST(CompiledRegex, TheLimitsDecideAndNotTheStackOfCompiledCode) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "ab";
  EXPECT_TRUE(CompiledRegex("^(a|b|c)+$", "").search(text));
  EXPECT_FALSE(CompiledRegex("^(a|b|c)+$", "").search(text + "-"));
  EXPECT_EQ(error_of([&] { CompiledRegex("^(a|b|ab)+$", "").search(text + "-"); }).code(), 51156);
}

TEST(CompiledRegex, AllStartsOfAMatchHaveOneLimitTogether) {
  const std::string text(30'000, 'a');
  for (const char* pattern : {"(?:a|b)*[cd]", "(a?b?)*?[cd]"}) {
    EXPECT_EQ(error_of([&] { CompiledRegex(pattern, "").search(text); }).code(), 51156) << pattern;
  }
  // What matches at the first start may take as long as an anchored pattern.
  EXPECT_TRUE(CompiledRegex("(?:a|b)*[cd]", "").search(text + "c"));
  EXPECT_TRUE(CompiledRegex("^(?:a|b)*[cd]", "").search(text + "c"));
  EXPECT_FALSE(CompiledRegex("^(?:a|b)*[cd]", "").search(text));
  std::vector<CompiledRegex::Range> groups;
  EXPECT_TRUE(CompiledRegex("(a|b)+", "").search("--" + text, 2, groups));
  EXPECT_EQ(groups.front().end, text.size() + 2);
}

TEST(CompiledRegex, OneRegexServesManyThreads) {
  const CompiledRegex regex("(\\d+)-(x)?", "");
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&regex, &wrong, t] {
      const std::string text = "ab" + std::to_string(t) + "-";
      std::vector<CompiledRegex::Range> groups;
      for (int i = 0; i < 2000; ++i) {
        if (!regex.search(text, 0, groups) || groups.size() != 3 || groups[1].begin != 2 ||
            groups[2].matched) {
          ++wrong;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace quern::query
