// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A folder for one test, empty at its start and gone after it.
#ifndef QUERN_PROJECT_TEST_FOLDER_H_
#define QUERN_PROJECT_TEST_FOLDER_H_

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace quern {

class TestFolder {
 public:
  TestFolder() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    std::string name = std::string("quern_") + test->test_suite_name() + "_" + test->name();
    std::replace(name.begin(), name.end(), '/', '_');  // of a test with parameters
    // One a run: the same tests may run elsewhere on the machine. The environment tells a child that
    // is to be killed which one its parent looks at.
    ::setenv("QUERN_TEST_RUN", std::to_string(::getpid()).c_str(), 0);
    name += std::string("_") + std::getenv("QUERN_TEST_RUN");
    path_ = std::filesystem::path(testing::TempDir()) / name;
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, const std::string& text,
                              mode_t mode = 0644) const {
    std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    ::chmod(file.c_str(), mode);
    return file;
  }
  std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(path_ / name, std::ios::binary).rdbuf();
    return text.str();
  }

 private:
  std::filesystem::path path_;
};

}  // namespace quern

#endif  // QUERN_PROJECT_TEST_FOLDER_H_
