// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "project/question.h"

#include <algorithm>
#include <istream>
#include <ostream>
#include <string_view>

#include "quern/base/error.h"

namespace quern::internal {

std::string ask(Console& console, const std::string& question) {
  console.out << question << std::flush;
  std::string line;
  if (!std::getline(console.in, line)) {
    console.out << '\n';
    throw Error(ErrorCode::kInterrupted, "no answer was given, and nothing was written");
  }
  constexpr std::string_view kBlanks = " \t\r";
  const std::size_t start = std::min(line.find_first_not_of(kBlanks), line.size());
  return line.substr(start, line.find_last_not_of(kBlanks) + 1 - start);
}

}  // namespace quern::internal
