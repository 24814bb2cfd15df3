// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Side-by-side measurement. Machines are noisy, ratios are not: the contenders take turns
// (A, B, A, B, …), and what counts is the ratio of the medians of their rounds.
//
//   const auto medians = quern::bench::interleave({{"ours", [] { … }}, {"theirs", [] { … }}});
//   quern::bench::print_ratio("P1", medians[1] / medians[0], 5);
//
// Print ratios last: they are what scripts and people look for.
#ifndef QUERN_BENCHMARKS_HARNESS_H_
#define QUERN_BENCHMARKS_HARNESS_H_

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

namespace quern::bench {

struct Contender {
  std::string name;
  std::function<void()> round;  // the work of one round, always the same amount
  double operations = 1;        // in a round: what is printed is the time of one of them
};

inline double seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Runs every contender once to warm up, then rounds times in turn. Returns the median time of one
// operation of each, in seconds, and prints it.
inline std::vector<double> interleave(const std::vector<Contender>& contenders, int rounds = 11) {
  std::vector<std::vector<double>> times(contenders.size());
  for (const Contender& contender : contenders) contender.round();
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      times[i].push_back(seconds(contenders[i].round) / contenders[i].operations);
    }
  }
  std::vector<double> medians;
  for (std::size_t i = 0; i < contenders.size(); ++i) {
    medians.push_back(median(times[i]));
    const double nanoseconds = medians.back() * 1e9;
    const bool small = nanoseconds < 1e4;
    std::printf("  %-44s %10.1f %s\n", contenders[i].name.c_str(),
                small ? nanoseconds : nanoseconds / 1e3, small ? "ns" : "us");
  }
  return medians;
}

// "P10 1.4x (commit 1.6x)"
inline void print_ratio(const std::string& name, double ratio, double commit) {
  std::printf("%s %.3gx (commit %.3gx)\n", name.c_str(), ratio, commit);
}

// "P1 skipped: …"
inline void print_skipped(const std::string& name, const std::string& why) {
  std::printf("%s skipped: %s\n", name.c_str(), why.c_str());
}

// Keeps the compiler from removing work whose result is not used.
template <class T>
inline void keep(const T& value) {
  asm volatile("" : : "m"(value) : "memory");
}

}  // namespace quern::bench

#endif  // QUERN_BENCHMARKS_HARNESS_H_
