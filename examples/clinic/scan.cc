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

constexpr std::size_t kShortestCard = 12;
constexpr std::size_t kLongestCard = 19;
constexpr std::size_t kSsn = 11;  // 123-45-6789
constexpr std::size_t kSsnDigits = 9;

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
    ssns_.insert(row.fields[2]);
    ssn_digits_.insert(digits_of(row.fields[2]));
    cards_.insert(row.fields[4]);
    names_.insert(row.fields[0]);
  }
}

// A run of digits: a card number may lie anywhere in it; an SSN without dashes must be all of it,
// because some number of nine digits looks like one of many SSNs too easily.
void PlantedValues::search_digits(std::string_view digits, Found& found) const {
  if (digits.size() == kSsnDigits && ssn_digits_.contains(digits)) ++found.secrets;
  for (std::size_t start = 0; start + kShortestCard <= digits.size(); ++start) {
    const std::size_t longest = std::min(kLongestCard, digits.size() - start);
    for (std::size_t length = kShortestCard; length <= longest; ++length) {
      if (cards_.contains(digits.substr(start, length))) ++found.secrets;
    }
  }
}

void PlantedValues::search(std::string_view text, Found& found) const {
  found.bytes += text.size();
  std::string run;  // of digits; single dashes and blanks in it count for nothing
  bool dashed = false;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && is_digit(text[i])) {
      if (i + kSsn <= text.size() && text[i + 3] == '-' && ssns_.contains(text.substr(i, kSsn))) {
        ++found.secrets;
      }
      run += text[i];
      continue;
    }
    const bool separator = i + 1 < text.size() && !run.empty() &&
                           (text[i] == '-' || text[i] == ' ') && is_digit(text[i + 1]);
    if (separator) {
      dashed = true;
      continue;
    }
    // A dashed SSN was looked up as it stands.
    if (run.size() >= kShortestCard || (run.size() == kSsnDigits && !dashed)) {
      search_digits(run, found);
    }
    dashed = false;
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

void PlantedValues::search_file(const std::filesystem::path& file, Found& found) const {
  constexpr std::size_t kPiece = 1 << 20;
  std::ifstream in(file, std::ios::binary);
  std::string text;
  // Cut at line breaks, which no secret contains, so that nothing is cut in two or seen twice.
  while (in) {
    const std::size_t kept = text.size();
    text.resize(kept + kPiece);
    in.read(text.data() + kept, static_cast<std::streamsize>(kPiece));
    text.resize(kept + static_cast<std::size_t>(in.gcount()));
    const std::size_t end = text.rfind('\n');
    if (in && end == std::string::npos) continue;
    const std::size_t cut = in ? end + 1 : text.size();
    search(std::string_view(text).substr(0, cut), found);
    text.erase(0, cut);
  }
}

void PlantedValues::search_files(const std::filesystem::path& folder, Found& found) const {
  if (!std::filesystem::is_directory(folder)) {
    throw quern::ImproperlyConfigured(fmt::format("there is no folder {}", folder.string()));
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) search_file(entry.path(), found);
  }
}

}  // namespace clinic
