// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "schema/marking.h"

#include "quern/base/error.h"

namespace quern::schema {

EncryptionPlaceholder Marking::placeholder() const {
  const AlgorithmFacts& facts = algorithm_facts(algorithm());
  if (interval != nullptr && facts.specification == nullptr) {
    throw Error(ErrorCode::kInternalError,
                "query type " + std::string(facts.name) + " has no placeholder for an interval");
  }
  EncryptionPlaceholder made;
  made.kind = kind;
  made.algorithm = facts.algorithm;
  made.index_key_id = made.user_key_id = *field.key_id;
  made.value = facts.specification != nullptr ? facts.specification(*this) : bson::Value(value);
  made.max_contention = max_contention();
  made.sparsity = field.is_indexed() ? field.queries.front().sparsity.value_or(0) : 0;
  return made;
}

}  // namespace quern::schema
