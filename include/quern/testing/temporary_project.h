// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A project for one test: databases in memory, migrations in a folder that goes with it, and a MockKms.
//
//   quern::testing::TemporaryProject project;
//   project->app<Patient>("clinic");
//   project.migrate();
//   project->save(patient);  // encrypted, in memory
#ifndef QUERN_TESTING_TEMPORARY_PROJECT_H_
#define QUERN_TESTING_TEMPORARY_PROJECT_H_

#include <string>

#include "quern/project/project.h"
#include "quern/testing/kms.h"
#include "quern/testing/temporary_folder.h"

namespace quern::testing {

// One database, "default", in memory. It encrypts with the provider "local", which `service` is.
Settings memory_settings(std::shared_ptr<KeyService> service = std::make_shared<MockKms>());

// The settings of an application, changed so that nothing outside the process is touched: each host is one in memory
// (aliases that shared a host still do), and each KMS provider that is not a KeyService yet is a MockKms of that name.
// Routers and names stay. A pinned map is left out: it names the keys of another vault.
Settings in_memory(Settings settings);

// Not thread-safe itself; the project is.
class TemporaryProject {
 public:
  // Takes the settings but for their base_directory, which is a TemporaryFolder. Throws ImproperlyConfigured.
  explicit TemporaryProject(Settings settings = memory_settings());

  Project& operator*() { return project_; }
  Project* operator->() { return &project_; }
  const TemporaryFolder& folder() const { return folder_; }

  // Makes the collections, indexes and data keys of all models, where the routers let them: what makemigrations and
  // migrate do, for every database. Throws Error(OperationFailed) with what they print when they fail.
  void migrate();

  // Runs a management command, such as {"check", "--database", "default"}, and returns what it prints. Throws
  // Error(OperationFailed) with that text when the exit code is not 0.
  std::string run(const std::vector<std::string>& arguments);

 private:
  TemporaryFolder folder_;
  Project project_;
};

}  // namespace quern::testing

#endif  // QUERN_TESTING_TEMPORARY_PROJECT_H_
