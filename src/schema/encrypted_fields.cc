// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "schema/encrypted_fields.h"

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <tuple>
#include <utility>

#include "base/shown.h"
#include "bson/strict_reader.h"
#include "quern/base/error.h"
#include "schema/query_rules.h"

namespace quern::schema {
namespace {

using bson::StrictReader;

constexpr std::int32_t kStrEncodeVersion = 1;  // the only one there is
constexpr auto kMaxInt32 = std::numeric_limits<std::int32_t>::max();
// One less than the largest: the number of contention factors is one more than that.
constexpr auto kMaxContention = std::numeric_limits<std::int64_t>::max() - 1;
constexpr std::string_view kSafeContent = "__safeContent__";
// Whoever looks a field up, or walks down its path, need not mind how many or how deep they are:
// a server chooses both. No document nests deeper than these paths, and every field has a key.
constexpr std::size_t kMaxFields = 10'000;
constexpr std::size_t kMaxDepth = bson::Limits{}.max_depth;

constexpr std::string_view kTopMembers[] = {"escCollection", "eccCollection", "ecocCollection",
                                            "fields", "strEncodeVersion"};
constexpr std::string_view kFieldMembers[] = {"keyId", "path", "bsonType", "queries"};
constexpr std::string_view kFieldMembersWithAltName[] = {"keyId", "path", "bsonType", "queries",
                                                         "keyAltName"};
constexpr std::string_view kQueryMembers[] = {
    "queryType",         "contention",   "min",           "max",
    "sparsity",          "trimFactor",   "precision",     "strMinQueryLength",
    "strMaxQueryLength", "strMaxLength", "caseSensitive", "diacriticSensitive"};

bool is_above(std::string_view ancestor, std::string_view path) {
  return path.size() > ancestor.size() && path[ancestor.size()] == '.' &&
         path.starts_with(ancestor);
}

std::optional<std::int32_t> to_int32(std::optional<std::int64_t> value) {
  if (!value) return std::nullopt;
  return static_cast<std::int32_t>(*value);
}

DeclaredQuery parse_query(bson::View document, const std::string& where) {
  const StrictReader reader(document, where, kQueryMembers);
  reader.required_value("queryType");
  const std::string_view type_name = *reader.text("queryType");
  const QueryType* type = query_type_from_name(type_name);
  if (type == nullptr) {
    throw Error(ErrorCode::kBadValue, "Enumeration value '" + std::string(type_name) +
                                          "' for field " + reader.quoted("queryType") +
                                          " is not a valid query type");
  }
  DeclaredQuery query;
  query.type = type;
  query.contention =
      reader.number("contention", 0, kMaxContention).value_or(DeclaredQuery::kDefaultContention);
  query.min = bson::Value(reader.value("min").value());
  query.max = bson::Value(reader.value("max").value());
  query.sparsity = reader.number("sparsity", 1, 8);
  query.trim_factor = to_int32(reader.number("trimFactor", 0, kMaxInt32));
  query.precision = to_int32(reader.number("precision", 0, kMaxInt32));
  query.str_min_query_length = to_int32(reader.number("strMinQueryLength", 1, kMaxInt32));
  query.str_max_query_length = to_int32(reader.number("strMaxQueryLength", 1, kMaxInt32));
  query.str_max_length = to_int32(reader.number("strMaxLength", 1, kMaxInt32));
  query.case_sensitive = reader.boolean("caseSensitive");
  query.diacritic_sensitive = reader.boolean("diacriticSensitive");
  return query;
}

std::vector<DeclaredQuery> parse_queries(const StrictReader& field, bson::Element queries,
                                         const std::string& where) {
  std::vector<DeclaredQuery> parsed;
  if (queries.is_document()) {
    parsed.push_back(parse_query(queries.as_document(), where));
    return parsed;
  }
  if (!queries.is_array()) field.wrong_type(queries, "object or array");
  for (const bson::Element& query : queries.as_array()) {
    if (!query.is_document()) field.wrong_type(queries, "array of objects");
    parsed.push_back(parse_query(query.as_document(), where));
  }
  if (parsed.empty()) {
    throw Error(9783412, "BSON field " + field.quoted("queries") + " must not be an empty array");
  }
  return parsed;
}

Uuid parse_key_id(const StrictReader& field) {
  const bson::Element key_id = field.value("keyId");
  if (key_id.type() != bson::Type::kBinary) field.wrong_type(key_id, "binData");
  if (!key_id.is_binary(bson::BinarySubtype::kUuid)) {
    throw Error(ErrorCode::kTypeMismatch,
                "BSON field " + field.quoted("keyId") +
                    " is the wrong binData subtype, expected subtype 4 (UUID)");
  }
  return Uuid::from_bytes(key_id.as_binary().bytes);
}

EncryptedField parse_field(bson::View document, const std::string& where,
                           const ParseOptions& options) {
  const StrictReader reader(document, where,
                            options.allow_key_alt_name
                                ? std::span<const std::string_view>(kFieldMembersWithAltName)
                                : std::span<const std::string_view>(kFieldMembers));
  EncryptedField field;
  if (const auto alt_name = options.allow_key_alt_name ? reader.text("keyAltName") : std::nullopt) {
    if (reader.value("keyId")) {
      throw Error(ErrorCode::kBadValue,
                  "BSON field '" + where + "' must have one of 'keyId' and 'keyAltName', not both");
    }
    field.key_alt_name = *alt_name;
  } else {
    reader.required_value("keyId");
    field.key_id = parse_key_id(reader);
  }
  reader.required_value("path");
  field.path = *reader.text("path");
  if (const auto type_name = reader.text("bsonType")) {
    field.bson_type = bson::type_from_alias(*type_name);
    if (!field.bson_type) {
      throw Error(ErrorCode::kBadValue, "BSON field " + reader.quoted("bsonType") +
                                            " is the unknown type alias '" +
                                            without_controls(*type_name) + "'");
    }
  }
  if (const bson::Element queries = document["queries"]) {
    field.queries = parse_queries(reader, queries, where + ".queries");
  }
  return field;
}

// As MongoDB checks the path of a field anywhere.
void check_components(std::string_view path) {
  if (path.ends_with('.')) {
    throw Error(40353,
                "the path of an encrypted field must not end with '.': '" + shown_path(path) + "'");
  }
  std::size_t depth = 0;
  for (std::size_t start = 0; start != std::string_view::npos;) {
    if (++depth > kMaxDepth) {
      throw Error(ErrorCode::kBadValue, "the path of an encrypted field must not have more than " +
                                            std::to_string(kMaxDepth) + " components");
    }
    const std::size_t dot = path.find('.', start);
    const std::string_view component = path.substr(start, dot - start);
    if (component.empty()) {
      throw Error(15998, "the path of an encrypted field must not have an empty component: '" +
                             shown_path(path) + "'");
    }
    if (component.starts_with('$')) {
      throw Error(16410, "no component of the path of an encrypted field may start with '$': '" +
                             shown_path(path) + "'");
    }
    start = dot == std::string_view::npos ? dot : dot + 1;
  }
}

void check_path(const EncryptedField& field) {
  if (field.path.empty()) throw Error(6316402, "the path of an encrypted field must not be empty");
  if (field.path == "_id" || is_above("_id", field.path)) {
    throw Error(6316403, "the '_id' field cannot be encrypted: '" + shown_path(field.path) + "'");
  }
  if (field.path == kSafeContent || is_above(kSafeContent, field.path)) {
    throw Error(6316404, "the '__safeContent__' field cannot be encrypted: it is the server's");
  }
  if (field.path.find('\0') != std::string::npos) {
    throw Error(9867600, "the path of an encrypted field must not hold a NUL");
  }
  check_components(field.path);
}

// The fields in an order in which those of which `repeats` may hold are neighbours: there may be
// thousands.
template <class Less, class Repeats>
void check_neighbours(std::span<const EncryptedField> fields, const Less& less,
                      const Repeats& repeats) {
  std::vector<const EncryptedField*> sorted;
  sorted.reserve(fields.size());
  for (const EncryptedField& field : fields) sorted.push_back(&field);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const EncryptedField* a, const EncryptedField* b) { return less(*a, *b); });
  for (std::size_t i = 1; i < sorted.size(); ++i) repeats(*sorted[i - 1], *sorted[i]);
}

// With '.' before all other characters, what lies inside a field follows it.
bool path_before(const EncryptedField& a, const EncryptedField& b) {
  return std::lexicographical_compare(
      a.path.begin(), a.path.end(), b.path.begin(), b.path.end(), [](char x, char y) {
        const auto rank = [](char c) { return c == '.' ? 0 : 1 + static_cast<unsigned char>(c); };
        return rank(x) < rank(y);
      });
}

void check_distinct(std::span<const EncryptedField> fields) {
  check_neighbours(fields, path_before, [](const EncryptedField& a, const EncryptedField& b) {
    if (a.path == b.path) {
      throw Error(6338402, "two encrypted fields have the path '" + shown_path(a.path) + "'");
    }
    if (is_above(a.path, b.path)) {
      throw Error(6338403, "of two encrypted fields one must not lie inside the other: '" +
                               shown_path(a.path) + "' and '" + shown_path(b.path) + "'");
    }
  });
  const auto by_key = [](const EncryptedField& a, const EncryptedField& b) {
    return std::tie(a.key_id, a.key_alt_name) < std::tie(b.key_id, b.key_alt_name);
  };
  check_neighbours(fields, by_key, [](const EncryptedField& a, const EncryptedField& b) {
    if (a.key_id != b.key_id || a.key_alt_name != b.key_alt_name) return;
    const std::string key =
        a.key_id ? "keyId " + a.key_id->to_string() : "keyAltName '" + a.key_alt_name + "'";
    throw Error(6338401, "each encrypted field needs its own data key, but '" + shown_path(a.path) +
                             "' and '" + shown_path(b.path) + "' have the " + key);
  });
}

std::string state_name(const StrictReader& reader, std::string_view member, std::string expected,
                       std::int32_t code) {
  const auto given = reader.text(member);
  if (given && *given != expected) {
    throw Error(code, "BSON field " + reader.quoted(member) + " must be '" + expected + "', not '" +
                          std::string(*given) + "'");
  }
  return expected;
}

}  // namespace

const DeclaredQuery* EncryptedField::query(const QueryType& type) const {
  const auto at = std::find_if(queries.begin(), queries.end(),
                               [&](const DeclaredQuery& query) { return query.type == &type; });
  return at == queries.end() ? nullptr : &*at;
}

const DeclaredQuery* EncryptedField::query_answering(unsigned answers) const {
  const auto at = std::find_if(
      queries.begin(), queries.end(),
      [answers](const DeclaredQuery& query) { return (query.type->answers & answers) != 0; });
  return at == queries.end() ? nullptr : &*at;
}

const DeclaredQuery* EncryptedField::withdrawn_query() const {
  const auto at = std::find_if(queries.begin(), queries.end(), [](const DeclaredQuery& query) {
    return query.type->standing == Standing::kWithdrawn;
  });
  return at == queries.end() ? nullptr : &*at;
}

const DeclaredQuery* EncryptedField::unsupported_query() const {
  const auto at = std::find_if(queries.begin(), queries.end(), [](const DeclaredQuery& query) {
    return !query.type->is_supported();
  });
  return at == queries.end() ? nullptr : &*at;
}

EncryptedFields EncryptedFields::parse(bson::View document, std::string_view collection,
                                       const ParseOptions& options) {
  const std::string where(options.where);
  const StrictReader reader(document, where, kTopMembers);
  EncryptedFields parsed;
  (void)reader.text("eccCollection");  // of version 1; accepted and ignored
  const auto version = reader.number("strEncodeVersion", 1, kStrEncodeVersion);
  const bson::Element fields = reader.required_value("fields");
  if (!fields.is_array()) reader.wrong_type(fields, "array");
  for (const bson::Element& field : fields.as_array()) {
    if (field.is_null()) continue;
    if (!field.is_document()) reader.wrong_type(fields, "array of objects");
    if (parsed.fields_.size() == kMaxFields) {
      throw Error(ErrorCode::kBadValue, "BSON field " + reader.quoted("fields") +
                                            " must not hold more than " +
                                            std::to_string(kMaxFields) + " fields");
    }
    parsed.fields_.push_back(parse_field(field.as_document(), where + ".fields", options));
  }

  parsed.esc_collection_ =
      state_name(reader, "escCollection", default_esc_name(collection), 7406900);
  parsed.ecoc_collection_ =
      state_name(reader, "ecocCollection", default_ecoc_name(collection), 7406902);
  std::for_each(parsed.fields_.begin(), parsed.fields_.end(), check_path);
  check_distinct(parsed.fields_);
  std::for_each(parsed.fields_.begin(), parsed.fields_.end(), check_queries);

  const bool has_text = std::any_of(
      parsed.fields_.begin(), parsed.fields_.end(),
      [](const EncryptedField& field) { return field.algorithm() == Algorithm::kText; });
  parsed.str_encode_version_ = version || has_text ? kStrEncodeVersion : 0;

  bson::Builder builder;
  for (const bson::Element& element : document) {
    if (reader.value(element.key())) builder.append(element);
  }
  if (!reader.value("escCollection")) builder.append("escCollection", parsed.esc_collection_);
  if (!reader.value("ecocCollection")) builder.append("ecocCollection", parsed.ecoc_collection_);
  if (has_text && !version) builder.append("strEncodeVersion", kStrEncodeVersion);
  parsed.document_ = builder.finish();
  return parsed;
}

EncryptedFields EncryptedFields::parse(bson::ValueView value, std::string_view collection,
                                       const ParseOptions& options) {
  if (!value.is_document()) {
    throw Error(ErrorCode::kTypeMismatch,
                "BSON field '" + std::string(options.where) + "' is the wrong type '" +
                    std::string(bson::alias(value.type())) + "', expected type 'object'");
  }
  return parse(value.as_document(), collection, options);
}

const EncryptedField* EncryptedFields::find(std::string_view path) const {
  const auto at = std::find_if(fields_.begin(), fields_.end(),
                               [path](const EncryptedField& field) { return field.path == path; });
  return at == fields_.end() ? nullptr : &*at;
}

bool EncryptedFields::is_prefix_of_encrypted(std::string_view path) const {
  return std::any_of(fields_.begin(), fields_.end(),
                     [path](const EncryptedField& field) { return is_above(path, field.path); });
}

const EncryptedField* EncryptedFields::encrypted_prefix_of(std::string_view path) const {
  const auto at = std::find_if(fields_.begin(), fields_.end(), [path](const EncryptedField& field) {
    return is_above(field.path, path);
  });
  return at == fields_.end() ? nullptr : &*at;
}

std::string default_esc_name(std::string_view collection) {
  return "enxcol_." + std::string(collection) + ".esc";
}

std::string default_ecoc_name(std::string_view collection) {
  return "enxcol_." + std::string(collection) + ".ecoc";
}

std::string default_ecoc_compact_name(std::string_view collection) {
  return default_ecoc_name(collection) + ".compact";
}

}  // namespace quern::schema
