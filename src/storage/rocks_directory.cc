// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "storage/rocks_directory.h"

#include <system_error>

#include "quern/base/error.h"

namespace quern::storage {

// RocksDB itself goes by this file, which names its manifest.
bool holds_rocks_store(const std::filesystem::path& directory) {
  const auto fail = [&](const std::string& reason) {
    throw DatabaseError(ErrorCode::kInternalError,
                        "cannot look for a database in \"" + directory.string() + "\": " + reason);
  };
  if (std::filesystem::is_regular_file(directory)) fail("it is a file");
  const std::filesystem::path current = directory / "CURRENT";
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(current, error);
  if (!std::filesystem::status_known(status)) fail(error.message());
  return std::filesystem::exists(status);
}

}  // namespace quern::storage
