// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "project/encrypted_map.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/nearest.h"
#include "quern/base/error.h"
#include "quern/bson/json.h"
#include "quern/models/internal/encrypted_schema.h"
#include "schema/difference.h"

namespace quern::internal {
namespace {

std::string ns_of(std::string_view database, const ModelRef& model) {
  return fmt::format("{}.{}", database, model.collection);
}

// One field in words, without its key.
std::string definition(const schema::EncryptedField& field) {
  std::vector<std::string> queries;
  for (const schema::DeclaredQuery& query : field.queries) {
    queries.push_back(fmt::format("{} with contention {}", query.type->name, query.contention));
  }
  return fmt::format("{}, {}", field.bson_type ? bson::alias(*field.bson_type) : "any type",
                     queries.empty() ? "no queries" : fmt::format("{}", fmt::join(queries, ", ")));
}

}  // namespace

bson::Document compiled_map(std::string_view database, std::span<const ModelRef* const> models) {
  bson::Builder out;
  for (const ModelRef* model : models) {
    if (!model->info->has_encrypted_fields()) continue;
    out.append(ns_of(database, *model), encrypted_fields_by_name(*model->info, model->collection));
  }
  return out.finish();
}

schema::EncryptedFieldsMap read_map(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) {
    throw ImproperlyConfigured(
        fmt::format("cannot read the encrypted_fields_map {}: {}. showencryptedfieldsmap --out "
                    "writes one",
                    file.string(), std::strerror(errno)));
  }
  try {
    const bson::Document document = bson::from_json(text.str());
    return schema::EncryptedFieldsMap::parse(document);
  } catch (const Error& error) {
    throw ImproperlyConfigured(
        fmt::format("the encrypted_fields_map {}: {}", file.string(), error.what()));
  }
}

std::vector<std::string> map_problems(const schema::EncryptedFieldsMap& map,
                                      std::string_view database,
                                      std::span<const ModelRef* const> models) {
  std::vector<std::string> problems;
  const bson::Document compiled_document = compiled_map(database, models);
  const auto compiled = schema::EncryptedFieldsMap::parse(compiled_document);
  std::vector<std::string> known;
  for (const auto& [ns, fields] : compiled.entries()) known.push_back(ns);
  for (const auto& [ns, fields] : map.entries()) {
    if (compiled.find(ns)) continue;
    const auto hint = nearest(ns, known);
    problems.push_back(fmt::format("'{}' is no collection of an encrypted model{}", ns,
                                   hint ? fmt::format(". Did you mean '{}'?", *hint) : ""));
  }
  for (const auto& [ns, fields] : compiled.entries()) {
    const schema::EncryptedFields* pinned = map.find(ns);
    if (!pinned) {
      problems.push_back(fmt::format("'{}' is missing", ns));
      continue;
    }
    for (const schema::EncryptedField& field : fields.fields()) {
      const schema::EncryptedField* other = pinned->find(field.path);
      if (!other) {
        problems.push_back(fmt::format("'{}' lacks the encrypted field {}", ns, field.path));
      } else if (const std::string difference =
                     schema::field_difference(field, *other, schema::CompareKeys::kNo);
                 !difference.empty()) {
        problems.push_back(fmt::format("'{}': {} is {} in the map, but {} in the model: {}", ns,
                                       field.path, definition(*other), definition(field),
                                       difference));
      }
    }
  }
  return problems;
}

}  // namespace quern::internal
