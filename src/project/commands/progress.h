// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// How far a command has come: a line on a terminal that is written over, and nothing elsewhere.
#ifndef QUERN_PROJECT_COMMANDS_PROGRESS_H_
#define QUERN_PROJECT_COMMANDS_PROGRESS_H_

#include <cstdint>
#include <string>

#include "quern/project/command.h"

namespace quern::internal {

class Progress {
 public:
  // total: 0 when nobody knows it.
  Progress(Console& console, std::string what, std::int64_t total = 0);
  ~Progress();  // wipes the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void count(std::int64_t done);

 private:
  Console& console_;
  const std::string what_;
  const std::int64_t total_;
  std::int64_t shown_ = 0;
  std::size_t width_ = 0;
};

}  // namespace quern::internal

#endif  // QUERN_PROJECT_COMMANDS_PROGRESS_H_
