// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The identity of a record in its collection. Every collection is clustered by _id: the record id
// is the order-preserving key (storage/key_format.h) of the document's _id, so a document is found
// by _id with one read and lies in _id order. docs/format/records.md.
#ifndef QUERN_STORAGE_RECORD_ID_H_
#define QUERN_STORAGE_RECORD_ID_H_

#include <compare>
#include <string>
#include <utility>

#include "quern/base/bytes.h"

namespace quern::storage {

class RecordId {
 public:
  RecordId() = default;
  explicit RecordId(BytesView key) : key_(as_text(key)) {}
  explicit RecordId(std::string key) : key_(std::move(key)) {}

  BytesView bytes() const { return as_bytes(key_); }
  bool empty() const { return key_.empty(); }
  friend auto operator<=>(const RecordId&, const RecordId&) = default;

 private:
  std::string key_;  // an ObjectId's key fits into the string itself
};

}  // namespace quern::storage

#endif  // QUERN_STORAGE_RECORD_ID_H_
