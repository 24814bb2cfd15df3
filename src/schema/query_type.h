// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The table of query types: what encryptedFields, markings, payloads and stored values say about
// each, in one row. What is done with its values is in two classes: crypto/query_algorithm.h for
// the client, engine/qe/query_algorithm.h for the server. Nothing else asks which type a field has.
#ifndef QUERN_SCHEMA_QUERY_TYPE_H_
#define QUERN_SCHEMA_QUERY_TYPE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "bson/blob_facts.h"

namespace quern::bson {
class Value;
}

namespace quern::schema {

struct EncryptedField;
struct Marking;
struct DeclaredQuery;

// How values are encrypted and indexed; several query types may have one. The numbers are those of
// markings.
enum class Algorithm : std::int32_t { kUnindexed = 1, kEquality = 2, kRange = 3, kText = 4 };

struct AlgorithmFacts {
  Algorithm algorithm;
  std::string_view name;
  bson::BlobSubtype stored;
  std::optional<bson::BlobSubtype> find;  // nothing: its values cannot be searched for
  bool supported;                         // by this version; others are parsed and refused
  // The bytes after the token in a record of the ECOC, and whether compaction hides how many tags a
  // value has by padding (its tokens are documents then).
  std::uint8_t record_extra = 0;
  bool padded = false;
  // The server's code for its find payload where one of equality is due.
  std::int32_t no_equality_payload = 0;
  // What stands for the value in a placeholder of a marking; null: the value itself.
  bson::Value (*specification)(const Marking&) = nullptr;
  // Its name in explicit encryption; empty: it has none.
  std::string_view explicit_name = {};

  // The BSON types that its values may have.
  bson::TypeSet types() const { return bson::blob_facts(stored).types; }
};

// What a query type can answer, as bits.
enum Answers : unsigned {
  kAnswersEquality = 1,
  kAnswersOrder = 2,  // all that it is asked are intervals: an equality is that of one value
  kAnswersPrefix = 4,
  kAnswersSuffix = 8,
  kAnswersSubstring = 16,
};

enum class Standing { kStable, kPreview, kWithdrawn };

// One row. Compared by address.
struct QueryType {
  std::string_view name;  // in encryptedFields, exactly as MongoDB writes it
  Algorithm algorithm;
  Standing standing;
  unsigned answers;
  // Whether the parameters of a field's query fit each other and the field: throws Error with
  // MongoDB's code.
  void (*check)(const EncryptedField& field, const DeclaredQuery& query);

  static const QueryType kEquality;
  static const QueryType kRange;
  static const QueryType kPrefix;
  static const QueryType kSuffix;
  static const QueryType kSubstring;
  static const QueryType kRangePreview;
  static const QueryType kPrefixPreview;
  static const QueryType kSuffixPreview;
  static const QueryType kSubstringPreview;

  const AlgorithmFacts& facts() const;
  bool is_supported() const { return facts().supported; }
};

std::span<const QueryType* const> query_types();
const QueryType* query_type_from_name(std::string_view name);  // null: there is none

const AlgorithmFacts& algorithm_facts(Algorithm algorithm);
// Null for a number that no algorithm has.
const AlgorithmFacts* algorithm_from_number(std::int32_t number);
// By its name in explicit encryption; null for a name that none has.
const AlgorithmFacts* algorithm_from_explicit_name(std::string_view name);
// The algorithm that a find payload or a stored value of the subtype belongs to; null: none.
const AlgorithmFacts* algorithm_of(bson::BlobSubtype subtype);

// Whether a query type of the algorithm answers one of these questions.
bool answers(Algorithm algorithm, unsigned questions);

// Adds a query type with an algorithm of its own. Both must outlive the process. Call it before
// anything else is done: reading and adding at the same time is not safe.
void add_query_type(const QueryType& type, const AlgorithmFacts& algorithm);

}  // namespace quern::schema

#endif  // QUERN_SCHEMA_QUERY_TYPE_H_
