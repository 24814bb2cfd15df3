// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "clinic/csv.h"

namespace clinic {
namespace {

constexpr int kEnd = std::istream::traits_type::eof();

}  // namespace

int CsvReader::get() {
  const int c = in_.get();
  if (c == kEnd) return c;
  ++offset_;
  if (c == '\n') ++line_;
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
  read_row(row);
  return true;
}

void CsvReader::skip_line() {
  for (int c = get(); c != kEnd && c != '\n';) c = get();
}

// After the opening quote, up to and with the closing one.
void CsvReader::read_quoted(CsvRow& row, std::string& field) {
  while (true) {
    const int c = get();
    if (c == kEnd) {
      row.error = "a quoted field is not closed";
      return;
    }
    if (c == '"') {
      if (in_.peek() != '"') return;
      get();
    }
    field += static_cast<char>(c);
    if (field.size() > kLongestField) {
      row.error = "a field is too long: is a closing quote missing?";
      skip_line();
      return;
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
        row.error = "there is text after a closing quote";
        skip_line();
        return;
      }
    } else {
      while (c != ',' && c != '\n' && c != '\r' && c != kEnd) {
        if (c == '"') {
          row.error = "there is a quote inside a field that is not quoted";
          skip_line();
          return;
        }
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
