// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Fields put together from several places, as $mergeObjects and $arrayToObject do.
#ifndef QUERN_QUERY_VALUE_MERGE_H_
#define QUERN_QUERY_VALUE_MERGE_H_

#include <string_view>
#include <unordered_map>
#include <vector>

#include "query/value/writer.h"

namespace quern::query {

// Fields in the order in which each name first comes, with the last value. Borrows both.
class MergedFields {
 public:
  void set(std::string_view name, bson::ValueView value);
  void set_all(bson::View document);
  void write(Writer& out) const;

 private:
  std::vector<bson::Element> fields_;
  std::unordered_map<std::string_view, std::size_t> places_;
};

}  // namespace quern::query

#endif  // QUERN_QUERY_VALUE_MERGE_H_
