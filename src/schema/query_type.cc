// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "schema/query_type.h"

#include <algorithm>
#include <string>
#include <vector>

#include "quern/base/error.h"
#include "schema/query_rules.h"

namespace quern::schema {

using B = bson::BlobSubtype;

constexpr QueryType QueryType::kEquality{"equality", Algorithm::kEquality, Standing::kStable,
                                         kAnswersEquality, check_equality};
constexpr QueryType QueryType::kRange{"range", Algorithm::kRange, Standing::kStable,
                                      kAnswersEquality | kAnswersOrder, check_range};
constexpr QueryType QueryType::kPrefix{"prefix", Algorithm::kText, Standing::kStable,
                                       kAnswersPrefix, check_text};
constexpr QueryType QueryType::kSuffix{"suffix", Algorithm::kText, Standing::kStable,
                                       kAnswersSuffix, check_text};
constexpr QueryType QueryType::kSubstring{"substring", Algorithm::kText, Standing::kStable,
                                          kAnswersSubstring, check_text};
constexpr QueryType QueryType::kRangePreview{"rangePreview", Algorithm::kRange,
                                             Standing::kWithdrawn, kAnswersEquality | kAnswersOrder,
                                             check_range};
constexpr QueryType QueryType::kPrefixPreview{"prefixPreview", Algorithm::kText, Standing::kPreview,
                                              kAnswersPrefix, check_text};
constexpr QueryType QueryType::kSuffixPreview{"suffixPreview", Algorithm::kText, Standing::kPreview,
                                              kAnswersSuffix, check_text};
constexpr QueryType QueryType::kSubstringPreview{"substringPreview", Algorithm::kText,
                                                 Standing::kPreview, kAnswersSubstring, check_text};

namespace {

constexpr AlgorithmFacts kUnindexed{
    .algorithm = Algorithm::kUnindexed,
    .name = "unindexed",
    .stored = B::kUnindexedValueV2,
    .find = std::nullopt,
    .supported = true,
    .explicit_name = "Unindexed",
};
constexpr AlgorithmFacts kEquality{
    .algorithm = Algorithm::kEquality,
    .name = "equality",
    .stored = B::kIndexedEqualityValueV2,
    .find = B::kFindEqualityPayloadV2,
    .supported = true,
    .explicit_name = "Indexed",
};
constexpr AlgorithmFacts kRange{
    .algorithm = Algorithm::kRange,
    .name = "range",
    .stored = B::kIndexedRangeValueV2,
    .find = B::kFindRangePayloadV2,
    .supported = false,
    .record_extra = 1,
    .padded = true,
    .no_equality_payload = 7292601,
    .explicit_name = "Range",
};
constexpr AlgorithmFacts kText{
    .algorithm = Algorithm::kText,
    .name = "text",
    .stored = B::kIndexedTextValue,
    .find = B::kFindTextPayload,
    .supported = false,
    .record_extra = 3,
    .padded = true,
    .no_equality_payload = 10112800,
    .explicit_name = "String",
};

struct Table {
  std::vector<const QueryType*> types{
      &QueryType::kEquality,      &QueryType::kRange,         &QueryType::kPrefix,
      &QueryType::kSuffix,        &QueryType::kSubstring,     &QueryType::kRangePreview,
      &QueryType::kPrefixPreview, &QueryType::kSuffixPreview, &QueryType::kSubstringPreview,
  };
  std::vector<const AlgorithmFacts*> algorithms{&kUnindexed, &kEquality, &kRange, &kText};
};

Table& table() {
  static Table rows;
  return rows;
}

}  // namespace

const AlgorithmFacts& QueryType::facts() const { return algorithm_facts(algorithm); }

std::span<const QueryType* const> query_types() { return table().types; }

const QueryType* query_type_from_name(std::string_view name) {
  const auto& types = table().types;
  const auto at =
      std::ranges::find_if(types, [name](const QueryType* type) { return type->name == name; });
  return at == types.end() ? nullptr : *at;
}

const AlgorithmFacts& algorithm_facts(Algorithm algorithm) {
  const AlgorithmFacts* facts = algorithm_from_number(static_cast<std::int32_t>(algorithm));
  if (facts == nullptr) {
    throw Error(ErrorCode::kInternalError,
                "there is no algorithm " + std::to_string(static_cast<std::int32_t>(algorithm)));
  }
  return *facts;
}

const AlgorithmFacts* algorithm_from_number(std::int32_t number) {
  for (const AlgorithmFacts* facts : table().algorithms) {
    if (static_cast<std::int32_t>(facts->algorithm) == number) return facts;
  }
  return nullptr;
}

const AlgorithmFacts* algorithm_from_explicit_name(std::string_view name) {
  for (const AlgorithmFacts* facts : table().algorithms) {
    if (facts->explicit_name == name && !name.empty()) return facts;
  }
  return nullptr;
}

const AlgorithmFacts* algorithm_of(bson::BlobSubtype subtype) {
  for (const AlgorithmFacts* facts : table().algorithms) {
    if (facts->stored == subtype || facts->find == subtype) return facts;
  }
  return nullptr;
}

bool answers(Algorithm algorithm, unsigned questions) {
  return std::ranges::any_of(table().types, [&](const QueryType* type) {
    return type->algorithm == algorithm && (type->answers & questions) != 0;
  });
}

void add_query_type(const QueryType& type, const AlgorithmFacts& algorithm) {
  if (query_type_from_name(type.name) != nullptr ||
      algorithm_from_number(static_cast<std::int32_t>(algorithm.algorithm)) != nullptr ||
      type.algorithm != algorithm.algorithm) {
    throw Error(ErrorCode::kInternalError,
                "query type '" + std::string(type.name) +
                    "' cannot be added: its name or its "
                    "algorithm's number is taken, or it is of another algorithm");
  }
  table().algorithms.push_back(&algorithm);
  table().types.push_back(&type);
}

}  // namespace quern::schema
