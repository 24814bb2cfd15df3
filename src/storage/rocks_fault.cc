// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "storage/rocks_fault.h"

#include <regex>
#include <string_view>

#include "quern/base/error.h"

namespace quern::storage {
namespace {

bool says(std::string_view text, std::string_view words) { return text.find(words) != text.npos; }

// The database's file that RocksDB names, as "its file 000012.sst"; else "one of its files". A
// table before the manifest that speaks of it.
std::string file_in(const std::string& text) {
  static const std::regex table(
      R"((\d{6,})\.(?:sst|ldb)\b)");  // by an old name where it is missing
  static const std::regex other(R"(\d{6,}\.log\b|(?:MANIFEST-\d+|CURRENT|IDENTITY)\b)");
  std::smatch match;
  if (std::regex_search(text, match, table)) return "its file " + match.str(1) + ".sst";
  if (std::regex_search(text, match, other)) return "its file " + match.str();
  return "one of its files";
}

bool is_missing(const rocksdb::Status& status, const std::string& text) {
  return status.IsPathNotFound() || status.IsNotFound() || says(text, "No such file");
}

bool says_no_writing(std::string_view text) {
  return says(text, "Permission denied") || says(text, "Read-only");
}

// What to do about a directory that cannot be opened; empty where the fault says it all.
std::string_view advice_on(std::string_view fault) {
  if (!says(fault, "LOCK")) return {};
  if (says_no_writing(fault)) {
    return " (may this user write there?)";
  }
  if (says(fault, "by current process")) {
    return " (this process has it open already, in another project or runner: use that one)";
  }
  return " (is another process using it? One at a time can: stop that one first)";
}

}  // namespace

bool is_damage(const rocksdb::Status& status) {
  const std::string text = status.ToString();
  if (!advice_on(text).empty()) return false;
  return status.IsCorruption() || is_missing(status, text) || status.IsNotSupported() ||
         status.IsInvalidArgument();
}

bool is_refusal_to_write(const rocksdb::Status& status) {
  return says_no_writing(status.ToString());
}

std::string fault_of(const rocksdb::Status& status) {
  const std::string text = status.ToString();
  if (status.IsNoSpace() || says(text, "No space left")) return "no space is left on its device";
  if (says(text, "Too many open files")) {
    return "the process has too many files open (see ulimit -n)";
  }
  // RocksDB finds a table's size wrong where it is not there at all.
  if (is_missing(status, text)) return file_in(text) + " is missing";
  if (is_damage(status)) return file_in(text) + " is damaged";
  return "its medium fails (" + text + ")";
}

void throw_cannot_open(const std::filesystem::path& directory, const std::string& fault) {
  throw DatabaseError(ErrorCode::kInternalError,
                      "cannot open the database in \"" + directory.string() + "\": " + fault);
}

void throw_cannot_open(const std::filesystem::path& directory, const rocksdb::Status& status) {
  const std::string text = status.ToString();
  if (const std::string_view advice = advice_on(text); !advice.empty()) {
    throw_cannot_open(directory, text + std::string(advice));
  }
  if (is_damage(status)) {
    throw_cannot_open(directory, fault_of(status) + ". Nothing was changed: " + kMendDamage);
  }
  throw_cannot_open(directory, fault_of(status));
}

void check(const rocksdb::Status& status) {
  if (status.ok()) return;
  std::string sentence = "the database cannot go on: " + fault_of(status);
  if (status.IsCorruption()) {
    sentence += ". What does not lie there can still be read; " + std::string(kMendDamage);
  }
  throw DatabaseError(ErrorCode::kInternalError, sentence);
}

}  // namespace quern::storage
