// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// All keys of one table.
#ifndef QUERN_STORAGE_TABLE_RANGE_H_
#define QUERN_STORAGE_TABLE_RANGE_H_

#include <cstdint>
#include <string>

#include "storage/key_format.h"
#include "storage/store.h"

namespace quern::storage {

class TableRange {
 public:
  // table is not the last possible number, which no table has.
  explicit TableRange(std::uint32_t table) {
    append_table(lower_, table);
    append_table(upper_, table + 1);
  }
  BytesView lower() const { return as_bytes(lower_); }
  BytesView upper() const { return as_bytes(upper_); }
  // Valid as long as this object.
  operator KeyRange() const { return {lower(), upper()}; }

 private:
  std::string lower_;
  std::string upper_;
};

}  // namespace quern::storage

#endif  // QUERN_STORAGE_TABLE_RANGE_H_
