// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "project/dump.h"

#include <fmt/format.h>

#include <set>
#include <sstream>

#include "bson/strict_reader.h"
#include "quern/base/error.h"
#include "quern/bson/json.h"

namespace quern::internal {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFormat = "quernDump";
constexpr std::int32_t kVersion = 1;
// A line that holds a document as it is.
constexpr std::string_view kBytes = "$bson";
// A document of 16 MB takes at most a little more than six times that, each byte as \u00XX.
constexpr std::size_t kLongestLine = 128 << 20;
constexpr std::size_t kBufferedBytes = 1 << 20;

[[noreturn]] void fail(const std::string& text) { throw Error(ErrorCode::kFailedToParse, text); }

bool holds_bytes(bson::View document) {
  return document.count() == 1 && document.front().key() == kBytes &&
         document.front().is_binary(bson::BinarySubtype::kGeneric);
}

// The document, or where Extended JSON would not bring back the same bytes (a member called "$oid",
// nesting that its parser does not take) one that holds them.
bson::Document as_json_has_it(bson::View document) {
  try {
    const std::string json = bson::to_json(document, bson::JsonMode::kCanonical);
    if (!holds_bytes(document) && equal(bson::from_json(json).bytes(), document.bytes())) {
      return bson::Document(document);
    }
  } catch (const Error&) {
    // It holds what Extended JSON cannot say.
  }
  return bson::doc(kBytes, bson::Binary{bson::BinarySubtype::kGeneric, document.bytes()});
}

bson::Document as_it_was(bson::View document) {
  if (!holds_bytes(document)) return bson::Document(document);
  const BytesView bytes = document.front().as_binary().bytes;
  return bson::Document::parse(Bytes(bytes.begin(), bytes.end()));
}

const bson::MemberFaults& manifest_faults() {
  constexpr std::int32_t code = static_cast<std::int32_t>(ErrorCode::kFailedToParse);
  static const bson::MemberFaults faults{
      .unknown = {code, "{where}: '{name}' is not known.{nearest}"},
      .repeated = {code, "{where}: '{name}' is there twice"},
      .missing = {code, "{where}: '{name}' is missing"},
      .wrong_type = {code, "{where}: '{name}' must be of type {expected}"}};
  return faults;
}

DumpedCollection parse_collection(bson::View document) {
  const bson::StrictReader reader(document, "manifest.json, a collection",
                                  {"name", "options", "indexes", "documents"}, manifest_faults());
  DumpedCollection out;
  const auto name = reader.text("name");
  if (!name) reader.missing("name");
  out.name = *name;
  const bson::Element options = reader.required("options");
  if (!options.is_document()) reader.wrong_type(options, "object");
  out.options = as_it_was(options.as_document());
  const bson::Element indexes = reader.required("indexes");
  if (!indexes.is_array()) reader.wrong_type(indexes, "array");
  for (const bson::Element& index : indexes.as_array()) {
    if (!index.is_document()) reader.wrong_type(index, "object");
    out.indexes.push_back(as_it_was(index.as_document()));
  }
  const auto documents = reader.number("documents", 0, INT64_MAX);
  if (!documents) reader.missing("documents");
  out.documents = *documents;
  return out;
}

}  // namespace

std::string in_plain_letters(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-' || (c == '.' && !out.empty());
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string DumpedCollection::file() const { return in_plain_letters(name) + ".jsonl"; }

bson::Document without_tags(bson::View document) {
  bson::Builder out;
  for (const bson::Element& element : document) {
    if (element.key() != "__safeContent__") out.append(element);
  }
  return out.finish();
}

std::string DumpManifest::to_json() const {
  bson::Builder out;
  out.append(kFormat, kVersion).append("decrypted", decrypted).append("keyVault", key_vault);
  out.open_array("collections");
  for (const DumpedCollection& collection : collections) {
    out.push_document()
        .append("name", collection.name)
        .append("options", as_json_has_it(collection.options));
    out.open_array("indexes");
    for (const bson::Document& index : collection.indexes) out.push(as_json_has_it(index));
    out.close().append("documents", collection.documents).close();
  }
  out.close();
  return bson::to_pretty_json(out.finish(), bson::JsonMode::kCanonical) + "\n";
}

DumpManifest DumpManifest::read(const fs::path& directory) {
  std::ifstream file(directory / kFile, std::ios::binary);
  if (!file) fail(fmt::format("there is no dump in \"{}\": no {}", directory.string(), kFile));
  std::ostringstream text;
  text << file.rdbuf();
  bson::Document document;
  try {
    document = bson::from_json(text.str());
  } catch (const Error&) {
    fail("manifest.json is not Extended JSON");
  }
  const bson::StrictReader reader(document, "manifest.json",
                                  {kFormat, "decrypted", "keyVault", "collections"},
                                  manifest_faults());
  const auto version = reader.number(kFormat, 1, INT32_MAX);
  if (!version) reader.missing(kFormat);
  if (*version != kVersion) {
    fail(fmt::format("manifest.json is of version {}, and this program knows version {}", *version,
                     kVersion));
  }
  DumpManifest out;
  const auto decrypted = reader.boolean("decrypted");
  if (!decrypted) reader.missing("decrypted");
  out.decrypted = *decrypted;
  out.key_vault = reader.text("keyVault").value_or("");
  const bson::Element collections = reader.required("collections");
  if (!collections.is_array()) reader.wrong_type(collections, "array");
  std::set<std::string> names;
  for (const bson::Element& collection : collections.as_array()) {
    if (!collection.is_document()) reader.wrong_type(collection, "object");
    out.collections.push_back(parse_collection(collection.as_document()));
    if (!names.insert(out.collections.back().name).second) {
      fail("manifest.json has two collections of one name");
    }
  }
  return out;
}

std::string dump_line(bson::View document) {
  return bson::to_json(as_json_has_it(document), bson::JsonMode::kCanonical);
}

bson::Document dumped_document(std::string_view line) {
  const std::size_t start = line.find_first_not_of(" \t");
  if (start == line.npos || line[start] != '{') fail("not a document");  // the parser takes arrays
  return as_it_was(bson::from_json(line));
}

void DumpWriter::write(bson::View document) {
  buffer_ += dump_line(document);
  buffer_ += '\n';
  if (buffer_.size() < kBufferedBytes) return;
  file_.append(as_bytes(buffer_));
  buffer_.clear();
}

void DumpWriter::finish() {
  file_.append(as_bytes(buffer_));
  file_.sync();
}

DumpReader::DumpReader(const fs::path& file) : path_(file), file_(file, std::ios::binary) {
  if (!file_) fail(fmt::format("{}: there is no such file", path_.filename().string()));
}

std::string DumpReader::where() const {
  return fmt::format("{}, line {}", path_.filename().string(), line_);
}

// Not std::getline, which takes a line of any length.
bool DumpReader::read_line() {
  text_.clear();
  ++line_;
  std::streambuf& in = *file_.rdbuf();
  for (;;) {
    const int c = in.sbumpc();
    if (c == std::char_traits<char>::eof()) return !text_.empty();
    if (c == '\n') return true;
    if (text_.size() == kLongestLine) fail(where() + ": is longer than any document");
    text_ += static_cast<char>(c);
  }
}

std::optional<bson::Document> DumpReader::next() {
  if (!read_line()) return std::nullopt;
  std::optional<bson::Document> document;
  try {
    document = dumped_document(text_);
  } catch (const Error&) {
    // The parser's words quote the text.
    fail(where() + ": is not a document in Extended JSON");
  }
  if ((*document)["_id"].missing()) fail(where() + ": the document has no _id");
  return document;
}

}  // namespace quern::internal
