// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Looks for patients' SSNs and card numbers in everything that the database keeps.
#ifndef EXAMPLES_CLINIC_SCAN_H_
#define EXAMPLES_CLINIC_SCAN_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_set>

namespace clinic {

// What must not be found, and names, which are stored in the clear: that they are found shows that
// the search works.
class PlantedValues {
 public:
  // Of a CSV file of patients.
  explicit PlantedValues(const std::filesystem::path& csv);

  std::size_t secrets() const { return ssns_.size() + cards_.size(); }
  std::size_t names() const { return names_.size(); }

  struct Found {
    std::uint64_t bytes = 0;
    std::uint64_t secrets = 0;              // occurrences
    std::unordered_set<std::string> names;  // different ones
  };
  // Searches text for every secret, with and without its dashes, and for the names.
  void search(std::string_view text, Found& found) const;
  // The same for a file, piece by piece, and for all files below a folder.
  void search_file(const std::filesystem::path& file, Found& found) const;
  void search_files(const std::filesystem::path& folder, Found& found) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  using Set = std::unordered_set<std::string, Hash, std::equal_to<>>;
  void search_digits(std::string_view digits, Found& found) const;

  Set ssns_;        // 123-45-6789
  Set ssn_digits_;  // 123456789
  Set cards_;
  Set names_;
};

}  // namespace clinic

#endif  // EXAMPLES_CLINIC_SCAN_H_
