// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Loads patients from a CSV file: checks every row, tells bad rows by their line, shows how far it
// is, and can be interrupted and started again. Each batch of rows and the position behind it are
// one transaction, so no row is lost and none is loaded twice, whenever it is killed. A patient
// whose patient_id is in the database already is a bad row, so a corrected file can be loaded
// again; of such rows only the number and the first one's line are told.
#ifndef EXAMPLES_CLINIC_LOADER_H_
#define EXAMPLES_CLINIC_LOADER_H_

#include <filesystem>

#include "quern/quern.h"

namespace clinic {

struct LoadOptions {
  std::size_t batch_size = 100;  // rows
  bool again = false;            // from the start, even if the file was loaded before
};

// Returns, when the file is at its end, kOk if every row of it is loaded, and kFailure if this run
// or an earlier one rejected any; kInterrupted after SIGINT or SIGTERM. Throws ImproperlyConfigured
// for what is no file, or no file of patients.
quern::ExitCode load_patients(quern::Project& db, const std::filesystem::path& file,
                              const LoadOptions& options, quern::Console& console);

}  // namespace clinic

#endif  // EXAMPLES_CLINIC_LOADER_H_
