// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "migrations/migration.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>

#include "bson/strict_reader.h"
#include "migrations/migration_error.h"
#include "quern/bson/json.h"

namespace quern::migrations {
namespace {

[[noreturn]] void fail(const std::string& message) {
  throw Error(ErrorCode::kFailedToParse, message);
}

std::string text_member(bson::View document, std::string_view key) {
  const bson::Element element = document[key];
  if (!element.is_string() || element.as_string().empty()) {
    fail(fmt::format("\"{}\" must be a non-empty string", key));
  }
  return std::string(element.as_string());
}

std::vector<MigrationKey> parse_dependencies(bson::ValueView value) {
  std::vector<MigrationKey> out;
  if (!value.is_array()) fail("\"dependencies\" must be an array of [app, name]");
  for (const bson::Element& element : value.as_array()) {
    if (!element.is_array() || element.as_array().count() != 2 ||
        !element.as_array()["0"].is_string() || !element.as_array()["1"].is_string()) {
      fail("a dependency must be [app, name]");
    }
    out.push_back({std::string(element.as_array()["0"].as_string()),
                   std::string(element.as_array()["1"].as_string())});
  }
  return out;
}

}  // namespace

Migration Migration::parse(bson::View document) {
  Migration out;
  constexpr auto kCode = static_cast<std::int32_t>(ErrorCode::kFailedToParse);
  const bson::StrictReader known_members(
      document, "migration", {"format", "app", "name", "initial", "dependencies", "operations"},
      {.unknown = {kCode, "unknown member \"{name}\".{nearest}"},
       .repeated = {kCode, "the member \"{name}\" is there twice"}});
  if (document["format"].whole_number() != kFormat) {
    fail(fmt::format("\"format\" must be {}: this version of Quern reads no other", kFormat));
  }
  out.key = {text_member(document, "app"), text_member(document, "name")};
  if (const bson::Element initial = document["initial"]) {
    if (initial.type() != bson::Type::kBool) fail("\"initial\" must be true or false");
    out.initial = initial.as_bool();
  }
  out.dependencies = parse_dependencies(document["dependencies"]);
  if (!document["operations"].is_array()) fail("\"operations\" must be an array");
  for (const bson::Element& element : document["operations"].as_array()) {
    if (!element.is_document()) fail("an operation must be an object");
    try {
      out.operations.push_back(parse_operation(element.as_document()));
    } catch (const Error& error) {
      fail(fmt::format("operation {}: {}", element.key(), error.what()));
    }
  }
  return out;
}

bson::Document Migration::to_bson() const {
  bson::Builder out;
  out.append("format", std::int32_t{kFormat}).append("app", key.app).append("name", key.name);
  if (initial) out.append("initial", true);
  out.open_array("dependencies");
  for (const MigrationKey& dependency : dependencies) {
    out.push_array().push(dependency.app).push(dependency.name).close();
  }
  out.close().open_array("operations");
  for (const OperationPtr& operation : operations) out.push(migrations::to_bson(*operation));
  out.close();
  return out.finish();
}

std::string Migration::hash() const {
  const bson::Document document = to_bson();
  const std::string text = bson::to_json(document, bson::JsonMode::kCanonical);
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return to_hex(digest);
}

void Migration::apply_to(State& state) const {
  for (const OperationPtr& operation : operations) {
    try {
      operation->apply_to(state, key.app);
    } catch (const Error& error) {
      throw MigrationError(fmt::format("migration {}: {}: {}", key.to_string(),
                                       operation->describe(), error.what()));
    }
  }
}

Migration read_migration(const std::filesystem::path& file, std::string_view app) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) throw ImproperlyConfigured(fmt::format("cannot read {}", file.string()));
  try {
    const bson::Document document = bson::from_json(text.str());
    Migration migration = Migration::parse(document);
    if (migration.key.app != app) {
      fail(fmt::format("\"app\" is '{}' but the folder belongs to '{}'", migration.key.app, app));
    }
    if (migration.key.name != file.stem().string()) {
      fail(fmt::format("\"name\" is '{}' but the file is '{}'", migration.key.name,
                       file.filename().string()));
    }
    return migration;
  } catch (const Error& error) {
    throw MigrationError(fmt::format("{}: {}", file.string(), error.what()));
  }
}

std::vector<Migration> read_migrations(const std::filesystem::path& folder, std::string_view app) {
  std::vector<Migration> out;
  if (!std::filesystem::is_directory(folder)) return out;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") out.push_back(read_migration(entry.path(), app));
  }
  std::sort(out.begin(), out.end(),
            [](const Migration& a, const Migration& b) { return a.key < b.key; });
  return out;
}

namespace {

void write_text(const std::filesystem::path& file, const std::string& text) {
  errno = 0;
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  if (out) return;
  const std::error_code reason(errno != 0 ? errno : EIO, std::generic_category());
  throw std::filesystem::filesystem_error("write", file, reason);
}

// Why nothing can be written into the folder.
std::string reason(const std::error_code& code, std::filesystem::path folder) {
  for (; folder.has_relative_path(); folder = folder.parent_path()) {
    std::error_code ignored;
    if (!std::filesystem::exists(folder, ignored)) continue;
    if (std::filesystem::is_directory(folder, ignored)) break;
    return fmt::format(
        "{} is a file, where a folder must be. If it is the program itself, which has the name of "
        "its app: build it elsewhere, or name one of them otherwise",
        folder.string());
  }
  return code.message();
}

}  // namespace

std::filesystem::path write_migration(const std::filesystem::path& folder,
                                      const Migration& migration) {
  std::filesystem::path file = folder / (migration.key.name + ".json");
  const std::filesystem::path temporary = folder / ("." + migration.key.name + ".json.tmp");
  const bson::Document document = migration.to_bson();
  const std::string text = bson::to_pretty_json(document) + "\n";
  try {
    std::filesystem::create_directories(folder);
    if (std::filesystem::exists(file)) {
      throw ImproperlyConfigured(fmt::format("{} exists already", file.string()));
    }
    write_text(temporary, text);
    std::filesystem::rename(temporary, file);
  } catch (const std::filesystem::filesystem_error& error) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    throw ImproperlyConfigured(
        fmt::format("cannot write {}: {}", file.string(), reason(error.code(), folder)));
  }
  return file;
}

}  // namespace quern::migrations
