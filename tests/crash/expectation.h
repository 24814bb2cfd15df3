// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What must be found after a kill, by the journal (load.h).
#ifndef QUERN_TESTS_CRASH_EXPECTATION_H_
#define QUERN_TESTS_CRASH_EXPECTATION_H_

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace quern::crash {

// What the journals say must be there.
class Expectation {
 public:
  using State = std::string;  // "ssn code", or "-"

  void read(const std::string& journal) {
    pending_.clear();
    std::istringstream lines(journal);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string kind;
      int thread = 0;
      words >> kind >> thread;
      if (kind == "!") {
        acknowledge(thread);
        continue;
      }
      std::string id;
      std::string first;
      std::string second;
      words >> id >> first >> second;
      if (!second.empty()) first.append(" ").append(second);
      pending_[thread].emplace_back(id, first);
    }
  }

  // Compares with what is there, and takes over how the unacknowledged writes ended.
  void check(const std::map<std::string, State>& present) {
    for (const auto& [thread, writes] : pending_) {
      std::set<bool> happened;
      for (const auto& [id, state] : writes) {
        if (at(certain_, id) == state) continue;  // makes no difference
        const bool is_new = at(present, id) == state;
        EXPECT_TRUE(is_new || at(present, id) == at(certain_, id)) << id << " is half written";
        happened.insert(is_new);
        if (is_new) certain_[id] = state;
      }
      EXPECT_LE(happened.size(), 1u) << "half of a transaction of thread " << thread;
    }
    for (const auto& [id, state] : certain_) {
      EXPECT_EQ(at(present, id), state) << "an acknowledged write of " << id << " is lost";
    }
    for (const auto& [id, state] : present) {
      EXPECT_EQ(at(certain_, id), state) << id << " was never written";
    }
    pending_.clear();
  }

  std::size_t acknowledged() const { return acknowledged_; }

 private:
  static State at(const std::map<std::string, State>& states, const std::string& id) {
    const auto found = states.find(id);
    return found == states.end() ? "-" : found->second;
  }
  void acknowledge(int thread) {
    for (const auto& [id, state] : pending_[thread]) certain_[id] = state;
    pending_.erase(thread);
    ++acknowledged_;
  }

  std::map<std::string, State> certain_;
  std::map<int, std::vector<std::pair<std::string, State>>> pending_;
  std::size_t acknowledged_ = 0;
};

}  // namespace quern::crash

#endif  // QUERN_TESTS_CRASH_EXPECTATION_H_
