// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// loaddata is killed at random moments. The dump is as it was, and a load that goes on ends with what
// an undisturbed one ends with.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <regex>
#include <string>
#include <thread>

#include "project/clinic_fixture.h"

namespace quern::clinic {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr const char* kFolder = "QUERN_KILLED_LOAD_FOLDER";

class KilledLoad : public Clinic {
 protected:
  void make_dump() const {
    constexpr int kPatients = 60;
    Project db = project();
    migrate(db);
    for (int i = 0; i < kPatients; ++i) {
      Patient patient = john();
      patient.number = i;
      db.save(patient);
    }
    run_ok(db, {"dumpdata", "--database", "encrypted", (folder_.path() / "dump").string()});
  }
  static std::vector<std::string> load(const fs::path& folder) {
    return {"loaddata", "--database", "encrypted", (folder / "dump").string()};
  }
  static std::string without_uuids(const std::string& dump) {
    static const std::regex uuid(R"("uuid" : \{[^}]*\} \})");
    return std::regex_replace(dump, uuid, "");
  }
  // This program again, which loads into the folder "target".
  static pid_t start_load() {
    std::string filter = "--gtest_filter=KilledLoad.WorksUndisturbed";
    std::string self = fs::read_symlink("/proc/self/exe").string();
    const std::array<char*, 3> arguments = {self.data(), filter.data(), nullptr};
    posix_spawn_file_actions_t quiet;
    ::posix_spawn_file_actions_init(&quiet);
    ::posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t process = 0;
    EXPECT_EQ(::posix_spawn(&process, self.c_str(), &quiet, nullptr, arguments.data(), environ), 0);
    ::posix_spawn_file_actions_destroy(&quiet);
    return process;
  }
};

// Also what the process does that is killed.
TEST_F(KilledLoad, WorksUndisturbed) {
  const char* given = std::getenv(kFolder);
  const fs::path folder = given != nullptr ? given : folder_.path();
  if (given == nullptr) make_dump();
  Settings here = settings("embedded:target");
  here.base_directory = folder;
  Project db{here};
  db.app<Patient>("myapp");
  run_ok(db, load(folder));
}

TEST_F(KilledLoad, GoesOnWhereItWas) {
  constexpr int kKills = 8;
  make_dump();
  std::string wanted;
  Clock::duration takes{};
  {
    const Clock::time_point start = Clock::now();
    Project undisturbed = project("embedded:undisturbed");
    run_ok(undisturbed, load(folder_.path()));
    takes = Clock::now() - start;
    wanted = without_uuids(dump(undisturbed, "encrypted"));
  }
  ::setenv(kFolder, folder_.path().c_str(), 1);
  std::vector<std::string> resume = load(folder_.path());
  resume.emplace_back("--resume");
  std::mt19937 random(2033);
  int killed = 0;
  for (int i = 0; i < kKills && !HasFailure(); ++i) {
    fs::remove_all(folder_.path() / "target");
    const pid_t worker = start_load();
    int status = 0;
    bool ended = false;
    while (!fs::exists(folder_.path() / "target") && !ended) {
      ended = ::waitpid(worker, &status, WNOHANG) == worker;
      std::this_thread::yield();
    }
    std::this_thread::sleep_for(takes * static_cast<int>(random() % 100) / 100);
    if (!ended) {
      ::kill(worker, SIGKILL);
      ::waitpid(worker, &status, 0);
    }
    killed += WIFSIGNALED(status) ? 1 : 0;
    Project target = project("embedded:target");
    run_ok(target, resume);
    EXPECT_EQ(without_uuids(dump(target, "encrypted")), wanted);
  }
  ::unsetenv(kFolder);
  EXPECT_GT(killed, 0);
}

}  // namespace
}  // namespace quern::clinic
