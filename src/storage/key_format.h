// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Order-preserving bytes of BSON values: memcmp over two encodings gives what bson::compare gives
// over the values, across all types. Values that compare as equal (1, 1.0, NumberDecimal("1.00"))
// have the same bytes. No encoding is a prefix of another, so encodings can be laid one after the
// other, and inverted for a descending part. docs/format/index_keys.md draws the bytes.
#ifndef QUERN_STORAGE_KEY_FORMAT_H_
#define QUERN_STORAGE_KEY_FORMAT_H_

#include <cstdint>
#include <string>

#include "quern/base/bytes.h"
#include "quern/bson/view.h"

namespace quern::storage {

// Appends the encoding of value; a missing value is encoded as undefined is. Throws BadValue for a
// value nested deeper than bson::Limits allows.
void append_key(std::string& out, bson::ValueView value, bool descending = false);

// Every key in the store begins with the 4 bytes, big endian, of the table that it belongs to.
inline constexpr std::size_t kTableSize = 4;
void append_table(std::string& out, std::uint32_t table);
// The table at the beginning of a key.
std::uint32_t table_of(BytesView key);

// Makes of a prefix the least key above every key that begins with it. False when there is none
// (all bytes 0xFF).
bool make_successor(std::string& prefix);

}  // namespace quern::storage

#endif  // QUERN_STORAGE_KEY_FORMAT_H_
