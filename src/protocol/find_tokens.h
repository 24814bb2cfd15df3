// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What a find payload of any kind comes to: the token sets under which the values that it stands for
// may have been stored. They carry no contention factor; the server tries 0 .. max_contention.
#ifndef QUERN_PROTOCOL_FIND_TOKENS_H_
#define QUERN_PROTOCOL_FIND_TOKENS_H_

#include <cstdint>
#include <vector>

#include "protocol/tokens.h"

namespace quern::protocol {

struct FindTokenSet {
  EdcDerivedFromDataToken edc;
  EscDerivedFromDataToken esc;
  ServerDerivedFromDataToken server_derived;
};

struct FindTokens {
  std::vector<FindTokenSet> sets;  // empty: no value can match
  std::int64_t max_contention = 0;
};

}  // namespace quern::protocol

#endif  // QUERN_PROTOCOL_FIND_TOKENS_H_
