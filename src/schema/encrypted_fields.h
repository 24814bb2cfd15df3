// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// encryptedFields: which fields of a collection are encrypted, with which key, and how they can be
// queried. docs/format/encrypted_fields.md describes the document.
#ifndef QUERN_SCHEMA_ENCRYPTED_FIELDS_H_
#define QUERN_SCHEMA_ENCRYPTED_FIELDS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quern/bson/document.h"
#include "schema/query_type.h"

namespace quern::schema {

struct DeclaredQuery {
  static constexpr std::int64_t kDefaultContention = 8;

  const QueryType* type = &QueryType::kEquality;
  std::int64_t contention = kDefaultContention;
  bson::Value min;  // missing unless given
  bson::Value max;
  std::optional<std::int64_t> sparsity;
  std::optional<std::int32_t> trim_factor;
  std::optional<std::int32_t> precision;
  std::optional<std::int32_t> str_min_query_length;
  std::optional<std::int32_t> str_max_query_length;
  std::optional<std::int32_t> str_max_length;
  std::optional<bool> case_sensitive;
  std::optional<bool> diacritic_sensitive;
};

struct EncryptedField {
  std::string path;            // dotted
  std::optional<Uuid> key_id;  // always there unless key_alt_name is
  std::string key_alt_name;    // only in a local encrypted-fields map
  std::optional<bson::Type> bson_type;
  std::vector<DeclaredQuery> queries;  // empty: encrypted, but not queryable

  bool is_indexed() const { return !queries.empty(); }
  // All its queries have one.
  Algorithm algorithm() const {
    return queries.empty() ? Algorithm::kUnindexed : queries.front().type->algorithm;
  }
  const DeclaredQuery* query(const QueryType& type) const;
  // The first query that answers one of these questions; nullptr when there is none.
  const DeclaredQuery* query_answering(unsigned answers) const;
  // The first query type that no version offers any more.
  const DeclaredQuery* withdrawn_query() const;
  // The first query type that this version cannot encrypt; nullptr when there is none.
  const DeclaredQuery* unsupported_query() const;
};

struct ParseOptions {
  // The prefix of names in messages, as MongoDB words them.
  std::string_view where = "create.encryptedFields";
  // Accept keyAltName in place of keyId (a local map before its names are resolved).
  bool allow_key_alt_name = false;
};

// Immutable once parsed; safe to read from many threads.
class EncryptedFields {
 public:
  EncryptedFields() = default;  // no fields

  // collection is the name without the database. Throws Error with MongoDB's code for every fault:
  // unknown members (40415), wrong types (14), values out of range (2), and the structural rules
  // such as a repeated path (6338402) or a bsonType that equality does not support (6338405).
  static EncryptedFields parse(bson::View document, std::string_view collection,
                               const ParseOptions& options = {});
  // The same for a member of a command: TypeMismatch (14) unless it is a document.
  static EncryptedFields parse(bson::ValueView value, std::string_view collection,
                               const ParseOptions& options = {});

  const std::vector<EncryptedField>& fields() const { return fields_; }
  bool empty() const { return fields_.empty(); }
  const EncryptedField* find(std::string_view path) const;
  // path is strictly above an encrypted field: "a" for a field "a.b".
  bool is_prefix_of_encrypted(std::string_view path) const;
  // The encrypted field strictly above path: "a" for "a.b". Nullptr when there is none.
  const EncryptedField* encrypted_prefix_of(std::string_view path) const;

  const std::string& esc_collection() const { return esc_collection_; }
  const std::string& ecoc_collection() const { return ecoc_collection_; }
  // 0 when the schema has no text query and no strEncodeVersion.
  std::int32_t str_encode_version() const { return str_encode_version_; }

  // The document as the catalog keeps it: what was parsed, member for member, with the names of the
  // state collections (and strEncodeVersion, where there are text queries) filled in at the end.
  const bson::Document& to_bson() const { return document_; }

 private:
  std::vector<EncryptedField> fields_;
  std::string esc_collection_;
  std::string ecoc_collection_;
  std::int32_t str_encode_version_ = 0;
  bson::Document document_;
};

std::string default_esc_name(std::string_view collection);   // enxcol_.<collection>.esc
std::string default_ecoc_name(std::string_view collection);  // enxcol_.<collection>.ecoc
std::string default_ecoc_compact_name(
    std::string_view collection);  // enxcol_.<collection>.ecoc.compact

}  // namespace quern::schema

#endif  // QUERN_SCHEMA_ENCRYPTED_FIELDS_H_
