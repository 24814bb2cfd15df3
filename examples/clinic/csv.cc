// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "clinic/csv.h"

namespace clinic {
namespace {

constexpr int kEnd = std::istream::traits_type::eof();

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

CsvReader::CsvReader(std::istream& in) : in_(in) {
  std::string start(kByteOrderMark.size(), '\0');
  in_.read(start.data(), static_cast<std::streamsize>(start.size()));
  const bool marked =
      in_.gcount() == static_cast<std::streamsize>(start.size()) && start == kByteOrderMark;
  seek(line_, marked ? static_cast<std::int64_t>(start.size()) : 0);
}

int CsvReader::get() {
  const int c = in_.get();
  if (c == kEnd) return c;
  ++offset_;
  if (c == '\n' || (c == '\r' && in_.peek() != '\n')) {
    ++line_;
    if (line_end_ == 0) line_end_ = offset_;
  }
  return c;
}

void CsvReader::seek(std::int64_t line, std::int64_t offset) {
  in_.clear();
  in_.seekg(offset);
  line_ = line;
  offset_ = offset;
}

bool CsvReader::next(CsvRow& row) {
  while (in_.peek() == '\n' || in_.peek() == '\r') get();
  if (in_.peek() == kEnd) return false;
  row = {};
  row.line = line_;
  line_end_ = 0;
  read_row(row);
  return true;
}

// Goes on behind the first line break of the row, which may lie far back in a quoted field.
void CsvReader::fail(CsvRow& row, const char* error) {
  row.error = error;
  while (line_end_ == 0 && get() != kEnd) continue;
  if (line_end_ != 0) seek(row.line + 1, line_end_);
}

// After the opening quote, up to and with the closing one.
void CsvReader::read_quoted(CsvRow& row, std::string& field) {
  while (true) {
    const int c = get();
    if (c == kEnd) return fail(row, "a quoted field is not closed");
    if (c == '"') {
      if (in_.peek() != '"') return;
      get();
    }
    field += static_cast<char>(c);
    if (field.size() > kLongestField) {
      return fail(row, "a field is too long: is a closing quote missing?");
    }
  }
}

void CsvReader::read_row(CsvRow& row) {
  while (true) {
    std::string& field = row.fields.emplace_back();
    int c = get();
    if (c == '"') {
      read_quoted(row, field);
      if (!row.error.empty()) return;
      c = get();
      if (c != ',' && c != '\n' && c != '\r' && c != kEnd) {
        return fail(row, "there is text after a closing quote");
      }
    } else {
      while (c != ',' && c != '\n' && c != '\r' && c != kEnd) {
        if (c == '"') return fail(row, "there is a quote inside a field that is not quoted");
        field += static_cast<char>(c);
        c = get();
      }
    }
    if (c == ',') continue;
    if (c == '\r' && in_.peek() == '\n') get();
    return;
  }
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

}  // namespace clinic
