// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "schema/query_rules.h"

#include <span>

#include "quern/base/error.h"

namespace quern::schema {
namespace {

// A parameter that a query type does not take, and MongoDB's code for giving it all the same.
struct Foreign {
  std::int32_t code;
  bool (*given)(const DeclaredQuery&);
  std::string_view parameter;
};

bool has_min(const DeclaredQuery& q) { return !q.min.missing(); }
bool has_max(const DeclaredQuery& q) { return !q.max.missing(); }
bool has_sparsity(const DeclaredQuery& q) { return q.sparsity.has_value(); }
bool has_trim_factor(const DeclaredQuery& q) { return q.trim_factor.has_value(); }
bool has_precision(const DeclaredQuery& q) { return q.precision.has_value(); }
bool has_str_max_length(const DeclaredQuery& q) { return q.str_max_length.has_value(); }
bool has_str_min_query_length(const DeclaredQuery& q) { return q.str_min_query_length.has_value(); }
bool has_str_max_query_length(const DeclaredQuery& q) { return q.str_max_query_length.has_value(); }
bool has_case_sensitive(const DeclaredQuery& q) { return q.case_sensitive.has_value(); }
bool has_diacritic_sensitive(const DeclaredQuery& q) { return q.diacritic_sensitive.has_value(); }

constexpr Foreign kForeignToEquality[] = {
    {6775205, has_sparsity, "sparsity"},
    {6775206, has_min, "min"},
    {6775207, has_max, "max"},
    {8574104, has_trim_factor, "trimFactor"},
    {10774900, has_precision, "precision"},
    {10774901, has_str_max_length, "strMaxLength"},
    {10774902, has_str_min_query_length, "strMinQueryLength"},
    {10774903, has_str_max_query_length, "strMaxQueryLength"},
    {10774904, has_case_sensitive, "caseSensitive"},
    {10774905, has_diacritic_sensitive, "diacriticSensitive"},
};
constexpr Foreign kForeignToRange[] = {
    {10774906, has_str_max_length, "strMaxLength"},
    {10774907, has_str_min_query_length, "strMinQueryLength"},
    {10774908, has_str_max_query_length, "strMaxQueryLength"},
    {10774909, has_case_sensitive, "caseSensitive"},
    {10774910, has_diacritic_sensitive, "diacriticSensitive"},
};
constexpr Foreign kForeignToText[] = {
    {10774911, has_sparsity, "sparsity"},
    {10774912, has_min, "min"},
    {10774913, has_max, "max"},
    {10774914, has_trim_factor, "trimFactor"},
    {10774915, has_precision, "precision"},
};

void check_foreign(const EncryptedField& field, const DeclaredQuery& query,
                   std::span<const Foreign> foreign) {
  for (const Foreign& one : foreign) {
    if (one.given(query)) {
      refuse(one.code, field,
             "'" + std::string(one.parameter) + "' is no parameter of a query of type '" +
                 std::string(query.type->name) + "'");
    }
  }
}

}  // namespace

void check_equality(const EncryptedField& field, const DeclaredQuery& query) {
  if (!query.type->facts().types().contains(*field.bson_type)) {
    refuse(6338405, field,
           "a field of type '" + std::string(bson::alias(*field.bson_type)) +
               "' cannot have an equality query");
  }
  check_foreign(field, query, kForeignToEquality);
}

void check_foreign_to_range(const EncryptedField& field, const DeclaredQuery& query) {
  check_foreign(field, query, kForeignToRange);
}

void check_text(const EncryptedField& field, const DeclaredQuery& query) {
  if (field.bson_type != bson::Type::kString) {
    refuse(
        9783400, field,
        "a query of type '" + std::string(query.type->name) + "' needs a field of type 'string'");
  }
  check_foreign(field, query, kForeignToText);
  const auto need = [&](bool given, std::int32_t code, const char* parameter) {
    if (!given) {
      refuse(code, field,
             "a query of type '" + std::string(query.type->name) + "' needs '" + parameter + "'");
    }
  };
  need(has_str_min_query_length(query), 9783402, "strMinQueryLength");
  need(has_str_max_query_length(query), 9783403, "strMaxQueryLength");
  need(has_case_sensitive(query), 9783404, "caseSensitive");
  need(has_diacritic_sensitive(query), 9783405, "diacriticSensitive");
  if (*query.str_min_query_length > *query.str_max_query_length) {
    refuse(9783406, field, "'strMinQueryLength' must not be greater than 'strMaxQueryLength'");
  }
  if ((query.type->answers & kAnswersSubstring) == 0) {
    if (has_str_max_length(query)) {
      refuse(9783401, field, "'strMaxLength' is a parameter of substring queries only");
    }
    return;
  }
  need(has_str_max_length(query), 9783407, "strMaxLength");
  if (*query.str_max_query_length > *query.str_max_length) {
    refuse(9783408, field, "'strMaxQueryLength' must not be greater than 'strMaxLength'");
  }
}

namespace {

void check_pair(const EncryptedField& field) {
  const DeclaredQuery& a = field.queries[0];
  const DeclaredQuery& b = field.queries[1];
  if ((a.type->answers | b.type->answers) != (kAnswersPrefix | kAnswersSuffix) ||
      a.type->answers == b.type->answers) {
    refuse(9783414, field, "only a prefix query and a suffix query can be combined");
  }
  if (a.case_sensitive != b.case_sensitive) {
    refuse(9783409, field, "its two queries must agree on 'caseSensitive'");
  }
  if (a.diacritic_sensitive != b.diacritic_sensitive) {
    refuse(9783410, field, "its two queries must agree on 'diacriticSensitive'");
  }
  if (a.contention != b.contention) {
    refuse(9783411, field, "its two queries must agree on 'contention'");
  }
}

}  // namespace

void refuse(std::int32_t code, const EncryptedField& field, const std::string& why) {
  throw Error(code, "encrypted field '" + field.path + "': " + why);
}

void check_queries(const EncryptedField& field) {
  if (!field.bson_type) {
    if (field.is_indexed()) {
      refuse(6412601, field, "a field with queries needs a 'bsonType'");
    }
    return;
  }
  if (!field.is_indexed()) {
    if (!algorithm_facts(Algorithm::kUnindexed).types().contains(*field.bson_type)) {
      refuse(6338406, field,
             "values of type '" + std::string(bson::alias(*field.bson_type)) +
                 "' cannot be encrypted");
    }
    return;
  }
  for (const DeclaredQuery& query : field.queries) {
    query.type->check(field, query);
  }
  if (field.queries.size() > 2) refuse(9783413, field, "a field can have at most two queries");
  if (field.queries.size() == 2) check_pair(field);
}

}  // namespace quern::schema
