// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The files of a dump: manifest.json, which says what there is, and for each collection a file with
// one document a line, in canonical Extended JSON. docs/format/dumps.md describes them. Whoever reads
// one trusts nothing in it.
#ifndef QUERN_PROJECT_DUMP_H_
#define QUERN_PROJECT_DUMP_H_

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quern/bson/document.h"
#include "storage/durable_file.h"

namespace quern::internal {

// A name with only such letters as every file system and every terminal takes, the others as %XX.
std::string in_plain_letters(std::string_view name);

struct DumpedCollection {
  std::string name;
  bson::Document options;               // as listCollections shows them
  std::vector<bson::Document> indexes;  // as listIndexes shows them, without that on _id
  std::int64_t documents = 0;

  std::string file() const;  // of its documents, in the dump's directory
  bool is_encrypted() const { return !options["encryptedFields"].missing(); }
};

struct DumpManifest {
  static constexpr const char* kFile = "manifest.json";

  bool decrypted = false;
  std::string key_vault = {};  // the collection of data keys; empty: the database had none
  std::vector<DumpedCollection> collections = {};  // in the order to create and load them in

  std::string to_json() const;
  // Throws Error(FailedToParse) that says what is wrong.
  static DumpManifest read(const std::filesystem::path& directory);
};

// Without __safeContent__, which is made anew when it is encrypted again.
bson::Document without_tags(bson::View document);

// A document as a line, without its end.
std::string dump_line(bson::View document);
// The other way. Throws Error(FailedToParse), without a word of the line.
bson::Document dumped_document(std::string_view line);

// Writes the documents of a collection.
class DumpWriter {
 public:
  // Throws DatabaseError when the file cannot be written, as the others do.
  explicit DumpWriter(const std::filesystem::path& file) : file_(file) {}
  void write(bson::View document);
  void finish();

 private:
  storage::DurableFile file_;
  std::string buffer_;
};

// Reads them again.
class DumpReader {
 public:
  // Throws Error(FailedToParse) when there is no such file.
  explicit DumpReader(const std::filesystem::path& file);

  // Nothing at the end. Throws Error(FailedToParse) that names the file and the line, and nothing of
  // what it holds, for a line that is no document with an _id.
  std::optional<bson::Document> next();
  // Of the document that next() has returned, from 1.
  std::int64_t line() const { return line_; }
  // "patients.jsonl, line 7"
  std::string where() const;

 private:
  bool read_line();

  std::filesystem::path path_;
  std::ifstream file_;
  std::string text_;
  std::int64_t line_ = 0;
};

}  // namespace quern::internal

#endif  // QUERN_PROJECT_DUMP_H_
