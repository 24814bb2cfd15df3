// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/internal/encrypted_schema.h"

namespace quern {
namespace {

bson::Document make_schema(
    const ModelInfo& model, std::string_view collection,
    const std::function<void(bson::Builder&, std::string_view alt_name)>& add_key) {
  const std::vector<EncryptedPath> paths = encrypted_paths(model);
  if (paths.empty()) return {};
  bson::Builder out;
  out.open_array("fields");
  for (const EncryptedPath& entry : paths) {
    out.push_document();
    add_key(out, key_alt_name(collection, entry.path));
    out.append("path", entry.path).append("bsonType", bson::alias(entry.field->type));
    if (!entry.field->encrypted->queries.empty()) {
      out.open_array("queries");
      for (const QueryInfo& query : entry.field->encrypted->queries) {
        out.push_document();
        append_query(out, query);
        out.close();
      }
      out.close();
    }
    out.close();
  }
  out.close();
  return out.finish();
}

}  // namespace

void append_query(bson::Builder& out, const QueryInfo& query) {
  out.append("queryType", query.query_type);
  if (query.contention) out.append("contention", *query.contention);
}

std::string key_alt_name(std::string_view collection, std::string_view path) {
  return std::string(collection) + "." + std::string(path);
}

bson::Document encrypted_fields(const ModelInfo& model, std::string_view collection,
                                const std::function<Uuid(std::string_view alt_name)>& key_id) {
  return make_schema(model, collection, [&](bson::Builder& out, std::string_view alt_name) {
    out.append("keyId", key_id(alt_name));
  });
}

bson::Document encrypted_fields_by_name(const ModelInfo& model, std::string_view collection) {
  return make_schema(model, collection, [](bson::Builder& out, std::string_view alt_name) {
    out.append("keyAltName", alt_name);
  });
}

}  // namespace quern
