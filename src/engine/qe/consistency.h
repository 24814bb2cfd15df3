// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Does an encrypted collection agree with its state collections?
#ifndef QUERN_ENGINE_QE_CONSISTENCY_H_
#define QUERN_ENGINE_QE_CONSISTENCY_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "quern/base/bytes.h"
#include "quern/command/namespace.h"

namespace quern::engine {
class Operation;
}

namespace quern::engine::qe {

struct ConsistencyReport {
  // A sentence each; empty when all is well. Never names a value.
  std::vector<std::string> faults;
  // Tags in __safeContent__ whose value is not at an indexed path of the document any more: a
  // client without encryption has unset, renamed or overwritten it, which it may. Queries for that
  // value find the document still, until an update with encryption takes such tags away.
  std::uint64_t stale_tags = 0;
  // Indexed values elsewhere than at the indexed paths of the schema: a client without encryption
  // has renamed or copied them there, which it may. No query looks for them.
  std::uint64_t misplaced_values = 0;
};

// What is found in one snapshot.
//
// Without keys it can be seen that each document's __safeContent__ holds the tags of its values at
// indexed paths, that no tag occurs twice in the collection, that every index entry is where its
// document says, and that ESC and ECOC entries have the shapes of the protocol.
// For every find payload (as in a query for one value of an equality field) the counters are
// checked too: each tag of the value that a document carries is one of the tags that the ESC has
// counted, and the metadata block's own counter agrees with it.
ConsistencyReport check_consistency(Operation& op, const Namespace& ns,
                                    std::span<const Bytes> find_payloads = {});

}  // namespace quern::engine::qe

#endif  // QUERN_ENGINE_QE_CONSISTENCY_H_
