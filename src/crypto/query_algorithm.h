// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A query type on the client's side: from values to what is stored and what is searched for. One
// class an algorithm, in a file of its own, registered in the table of query_algorithm.cc. (The way
// back is the same for all: the layout of stored values says all that decryption needs.)
#ifndef QUERN_CRYPTO_QUERY_ALGORITHM_H_
#define QUERN_CRYPTO_QUERY_ALGORITHM_H_

#include <cstdint>

#include "base/random.h"
#include "crypto/data_key.h"
#include "quern/bson/view.h"
#include "schema/query_type.h"

namespace quern::crypto {

// What a marking asks for, with its keys.
struct EncryptRequest {
  bson::ValueView value;     // or the specification that the algorithm's markings have in its place
  const DataKey& index_key;  // derives the tokens
  const Uuid& index_key_id;
  const DataKey& user_key;  // encrypts the value
  const Uuid& user_key_id;
  std::int64_t max_contention = 0;
  std::int64_t sparsity = 0;
};

// Stateless; safe to use from many threads. Returns whole blobs, first byte included. A value of a
// type that the algorithm does not take throws Error(BadValue).
class QueryAlgorithm {
 public:
  virtual ~QueryAlgorithm() = default;
  virtual Bytes insert(const EncryptRequest& request, RandomSource& random) const = 0;
  virtual Bytes find(const EncryptRequest& request) const = 0;
};

// Throws NotSupported for an algorithm that this version has no class for.
const QueryAlgorithm& query_algorithm(schema::Algorithm algorithm);

// Adds one, which must outlive the process. Call it before anything else is done.
void add_query_algorithm(schema::Algorithm algorithm, const QueryAlgorithm& implementation);

// The built-in ones.
const QueryAlgorithm& unindexed();
const QueryAlgorithm& equality();

}  // namespace quern::crypto

#endif  // QUERN_CRYPTO_QUERY_ALGORITHM_H_
