// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Loads patients from a CSV file: checks every row, tells bad rows by their line, shows how far it
// is, and can be interrupted and started again. Each batch of rows and the position behind it are
// one transaction, so no row is lost and none is loaded twice, whenever it is killed. A patient
// whose patient_id is in the database already is a bad row, so a corrected file can be loaded
// again.
#ifndef EXAMPLES_CLINIC_LOADER_H_
#define EXAMPLES_CLINIC_LOADER_H_

#include <filesystem>

#include "quern/quern.h"

namespace clinic {

struct LoadOptions {
  std::size_t batch_size = 100;  // rows
  bool again = false;            // from the start, even if the file was loaded before
};

// Returns kOk when the file is at its end, kInterrupted after SIGINT or SIGTERM.
quern::ExitCode load_patients(quern::Project& db, const std::filesystem::path& file,
                              const LoadOptions& options, quern::Console& console);

}  // namespace clinic

#endif  // EXAMPLES_CLINIC_LOADER_H_
