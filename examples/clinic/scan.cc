// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "clinic/scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <vector>

#include "clinic/csv.h"
#include "clinic/patient_row.h"
#include "quern/base/error.h"

namespace clinic {
namespace {

constexpr std::size_t kShortestSecret = 9;  // an SSN without dashes
constexpr std::size_t kLongestSecret = 19;  // a card number

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string digits_of(std::string_view text) {
  std::string out;
  std::copy_if(text.begin(), text.end(), std::back_inserter(out), is_digit);
  return out;
}

}  // namespace

PlantedValues::PlantedValues(const std::filesystem::path& csv) {
  std::ifstream in(csv, std::ios::binary);
  if (!in) throw quern::ImproperlyConfigured(fmt::format("cannot read {}", csv.string()));
  CsvReader reader(in);
  CsvRow row;
  reader.next(row);  // the header
  while (reader.next(row)) {
    if (!row.error.empty() || row.fields.size() != std::size(kColumns)) continue;
    secrets_.insert(digits_of(row.fields[2]));
    secrets_.insert(digits_of(row.fields[4]));
    names_.insert(row.fields[0]);
  }
}

// Every window of a run of digits that is as long as a secret can be.
void PlantedValues::search_digits(std::string_view digits, Found& found) const {
  for (std::size_t start = 0; start + kShortestSecret <= digits.size(); ++start) {
    const std::size_t longest = std::min(kLongestSecret, digits.size() - start);
    for (std::size_t length = kShortestSecret; length <= longest; ++length) {
      if (secrets_.contains(digits.substr(start, length))) ++found.secrets;
    }
  }
}

void PlantedValues::search(std::string_view text, Found& found) const {
  found.bytes += text.size();
  // Runs of digits, in which single dashes and blanks count for nothing.
  std::string run;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && is_digit(text[i])) {
      run += text[i];
      continue;
    }
    const bool separator = i + 1 < text.size() && !run.empty() &&
                           (text[i] == '-' || text[i] == ' ') && is_digit(text[i + 1]);
    if (separator) continue;
    if (run.size() >= kShortestSecret) search_digits(run, found);
    run.clear();
  }
  // A stored string ends in NUL, and its length stands before it: read it as BSON has it.
  for (std::size_t i = 0; i + 4 < text.size(); ++i) {
    const auto length = static_cast<std::size_t>(static_cast<unsigned char>(text[i]));
    if (length < 2 || text[i + 1] != 0 || text[i + 2] != 0 || text[i + 3] != 0) continue;
    if (i + 4 + length > text.size() || text[i + 3 + length] != 0) continue;
    const std::string_view name = text.substr(i + 4, length - 1);
    if (const auto it = names_.find(name); it != names_.end()) found.names.insert(*it);
  }
}

void PlantedValues::search_files(const std::filesystem::path& folder, Found& found) const {
  constexpr std::size_t kPiece = 1 << 20;
  constexpr std::size_t kOverlap = 1024;  // so that nothing hides across two pieces
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    std::string text;
    while (in) {
      const std::size_t kept = std::min(text.size(), kOverlap);
      text.erase(0, text.size() - kept);
      text.resize(kept + kPiece);
      in.read(text.data() + kept, static_cast<std::streamsize>(kPiece));
      text.resize(kept + static_cast<std::size_t>(in.gcount()));
      if (in.gcount() == 0) break;
      search(text, found);
      found.bytes -= kept;
    }
  }
}

}  // namespace clinic
