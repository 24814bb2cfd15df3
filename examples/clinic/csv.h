// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Comma-separated values as RFC 4180 has them: fields may be quoted, a quote inside is doubled, and
// a quoted field may hold commas and line breaks. Lines end in LF, CRLF or CR. A byte order mark
// of UTF-8 at the start is skipped.
#ifndef EXAMPLES_CLINIC_CSV_H_
#define EXAMPLES_CLINIC_CSV_H_

#include <cstdint>
#include <istream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace clinic {

struct CsvRow {
  std::int64_t line = 0;  // of its start, from 1
  std::vector<std::string> fields;
  std::string error;  // not empty: the row is malformed, and so are its fields
};

// Reads row by row. A malformed row ends at its first line break, so that the next one can be read:
// a quote that is not closed costs no row but its own.
class CsvReader {
 public:
  // in must be able to seek; it is read from its start.
  explicit CsvReader(std::istream& in);

  // False at the end. Blank lines are skipped.
  bool next(CsvRow& row);

  // Where the next row starts.
  std::int64_t line() const { return line_; }
  std::int64_t offset() const { return offset_; }
  // Goes on from a place that line() and offset() told.
  void seek(std::int64_t line, std::int64_t offset);

 private:
  static constexpr std::size_t kLongestField = 64 << 10;
  int get();
  void read_row(CsvRow& row);
  void read_quoted(CsvRow& row, std::string& field);
  void fail(CsvRow& row, const char* error);

  std::istream& in_;
  std::int64_t line_ = 1;
  std::int64_t offset_ = 0;
  std::int64_t line_end_ = 0;  // behind the first line break of the row, once line_ is past it
};

// A field as it must be written: in quotes if it needs them.
std::string csv_field(std::string_view text);

}  // namespace clinic

#endif  // EXAMPLES_CLINIC_CSV_H_
