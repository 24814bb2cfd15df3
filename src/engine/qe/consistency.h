// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Does an encrypted collection agree with its state collections?
#ifndef QUERN_ENGINE_QE_CONSISTENCY_H_
#define QUERN_ENGINE_QE_CONSISTENCY_H_

#include <span>
#include <string>
#include <vector>

#include "quern/base/bytes.h"
#include "quern/command/namespace.h"

namespace quern::engine {
class Operation;
}

namespace quern::engine::qe {

// The faults found in one snapshot, a sentence each; empty when all is well. Never names a value.
//
// Without keys it can be seen that each document's __safeContent__ holds exactly the tags of its
// stored values, that no tag occurs twice in the collection, that every index entry is where its
// document says, and that ESC and ECOC entries have the shapes of the protocol.
// For every find payload (as in a query for one value of an equality field) the counters are
// checked too: each tag of the value that a document carries is one of the tags that the ESC has
// counted, and the metadata block's own counter agrees with it.
std::vector<std::string> check_consistency(Operation& op, const Namespace& ns,
                                           std::span<const Bytes> find_payloads = {});

}  // namespace quern::engine::qe

#endif  // QUERN_ENGINE_QE_CONSISTENCY_H_
