// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "storage/rocks_directory.h"

#include <regex>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "quern/base/error.h"
#include "storage/acknowledged_mark.h"
#include "storage/durable_file.h"

namespace quern::storage {

bool holds_rocks_store(const std::filesystem::path& directory) {
  const auto fail = [&](const std::string& reason) {
    throw DatabaseError(ErrorCode::kInternalError,
                        "cannot look for a database in \"" + directory.string() + "\": " + reason);
  };
  if (std::filesystem::is_regular_file(directory)) fail("it is a file");
  const auto exists = [&](const char* name) {
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(directory / name, error);
    if (!std::filesystem::status_known(status)) fail(error.message());
    return std::filesystem::exists(status);
  };
  if (exists("CURRENT") || exists(AcknowledgedMark::kFile)) return true;
  return std::filesystem::is_directory(directory) && content_of(directory).others;
}

DirectoryContent content_of(const std::filesystem::path& directory) {
  static const std::regex others(R"(MANIFEST-\d+|\d{6,}\.(sst|log))");
  DirectoryContent content;
  std::error_code error;
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    content.current = content.current || name == "CURRENT";
    content.others = content.others || std::regex_match(name, others);
  }
  if (error) {
    throw DatabaseError(
        ErrorCode::kInternalError,
        "cannot look for a database in \"" + directory.string() + "\": " + error.message());
  }
  return content;
}

void copy_rocks_files(const std::filesystem::path& from, const std::filesystem::path& to) {
  static const std::regex files(
      R"(CURRENT|IDENTITY|REPAIRING|(MANIFEST|OPTIONS)-\d+|\d{6,}\.(sst|log))");
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator at(from, error), end; !error && at != end;
       at.increment(error)) {
    std::string name = at->path().filename().string();
    if (std::regex_match(name, files)) names.push_back(std::move(name));
  }
  if (error) {
    throw DatabaseError(ErrorCode::kInternalError,
                        "cannot read \"" + from.string() + "\": " + error.message());
  }
  make_private_directory(to);
  // What was acknowledged before the rest was read is in the rest.
  if (std::filesystem::exists(from / AcknowledgedMark::kFile, error)) {
    copy_durably(from / AcknowledgedMark::kFile, to / AcknowledgedMark::kFile);
  }
  for (const std::string& name : names) copy_durably(from / name, to / name);
}

}  // namespace quern::storage
