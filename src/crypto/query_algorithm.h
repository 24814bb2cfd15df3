// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A query type on the client's side: from values to what is stored and what is searched for, and
// back. One class an algorithm, in a file of its own, registered in the table of
// query_algorithm.cc.
#ifndef QUERN_CRYPTO_QUERY_ALGORITHM_H_
#define QUERN_CRYPTO_QUERY_ALGORITHM_H_

#include <cstdint>
#include <span>

#include "base/random.h"
#include "crypto/data_key.h"
#include "crypto/decrypt.h"
#include "schema/marking.h"

namespace quern::crypto {

// A value, or an interval of them, with all that it is encrypted by.
struct EncryptRequest {
  bson::ValueView value;     // missing for an interval
  const DataKey& index_key;  // derives the tokens
  const Uuid& index_key_id;
  const DataKey& user_key;  // encrypts the value
  const Uuid& user_key_id;
  std::int64_t max_contention = 0;
  // The parameters of the field's queries; none for an algorithm that goes without.
  std::span<const schema::DeclaredQuery> queries = {};
};

// Stateless; safe to use from many threads. Returns whole blobs, first byte included. A value of a
// type that the algorithm does not take throws Error(BadValue), and so does a question that it does
// not answer.
class QueryAlgorithm {
 public:
  virtual ~QueryAlgorithm() = default;

  // What a client sends for a value to be stored, and for one to be found.
  virtual Bytes insert(const EncryptRequest& request, RandomSource& random) const = 0;
  virtual Bytes find(const EncryptRequest& request) const = 0;

  // What it sends for an interval, of which both bounds come at once, and at the second place of
  // one that has two. Unless overridden: by order nothing can be found.
  virtual Bytes find_interval(const EncryptRequest& request,
                              const schema::Interval& interval) const;
  virtual Bytes interval_stub(const schema::Interval& interval) const;

  // The value in what is stored. Throws as decrypt_value does.
  virtual bson::Value decrypt(BytesView stored, const KeySource& keys) const = 0;

  // What stands in a command for what is marked: one of the above. key is the field's.
  Bytes encrypt(const schema::Marking& marking, const DataKey& key, RandomSource& random) const;
};

// Throws NotSupported for an algorithm that this version has no class for.
const QueryAlgorithm& query_algorithm(schema::Algorithm algorithm);

// Adds one, which must outlive the process. Call it before anything else is done.
void add_query_algorithm(schema::Algorithm algorithm, const QueryAlgorithm& implementation);

// The built-in ones, each in its file.
const QueryAlgorithm& unindexed();
const QueryAlgorithm& equality();

}  // namespace quern::crypto

#endif  // QUERN_CRYPTO_QUERY_ALGORITHM_H_
