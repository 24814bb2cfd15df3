// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#ifndef QUERN_MODELS_QUERY_INFO_H_
#define QUERN_MODELS_QUERY_INFO_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace quern {

// One query type of an encrypted field, as an entry of "queries" in encryptedFields: what its
// option says (query_types.h).
struct QueryInfo {
  std::string_view query_type;             // "equality"; a literal
  std::optional<std::int64_t> contention;  // nothing: the server's default (8)
  friend bool operator==(const QueryInfo&, const QueryInfo&) = default;
};

}  // namespace quern

#endif  // QUERN_MODELS_QUERY_INFO_H_
