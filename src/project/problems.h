// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Everything that is wrong with settings, told at once: each with its key path and, where they come
// from a file, its line.
#ifndef QUERN_PROJECT_PROBLEMS_H_
#define QUERN_PROJECT_PROBLEMS_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace quern {

class Problems {
 public:
  // Where a key stands. A path without a line of its own has that of what encloses it.
  void locate(const std::string& path, int line) { lines_[path] = line; }
  void add(std::string_view path, std::string_view text);
  // That owner lacks key, unless something is wrong with the value that it has there.
  void add_missing(std::string_view owner, std::string_view key, std::string_view advice = "");
  // Whether there is one of exactly this path.
  bool has_at(std::string_view path) const;
  bool empty() const { return problems_.empty(); }
  // Throws ImproperlyConfigured with all of them, by line. source: "settings.toml", "the settings".
  void throw_if_any(std::string_view source) const;

 private:
  struct Problem {
    int line;  // 0: none
    std::string path;
    std::string text;
  };
  int line_of(std::string path) const;

  std::map<std::string, int> lines_;
  std::vector<Problem> problems_;
};

}  // namespace quern

#endif  // QUERN_PROJECT_PROBLEMS_H_
