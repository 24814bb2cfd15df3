// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// compactStructuredEncryptionData and cleanupStructuredEncryptionData: fold the history of counters
// in the ESC into anchors, and empty the ECOC. Both serve only to keep the state collections small;
// at every moment, also after a kill, counters read from the ESC stay what they were.
#ifndef QUERN_ENGINE_QE_COMPACT_H_
#define QUERN_ENGINE_QE_COMPACT_H_

#include <cstddef>

#include "quern/bson/document.h"
#include "quern/command/namespace.h"
#include "schema/encrypted_fields.h"

namespace quern::engine {
class Operation;
}

namespace quern::engine::qe {

// What one transaction does at most: so much is lost, and done again, when a run is interrupted.
struct CompactionLimits {
  std::size_t records = 1'000;     // of the ECOC, looked at
  std::size_t deletions = 10'000;  // of ESC documents; also the uses that one anchor folds
};

// The bodies of the two commands: the reply's members {stats: {ecoc: …, esc: …}}, without ok. The
// caller has resolved the namespace: NamespaceNotFound (26), view (166) are its errors; stored is
// the catalog's encryptedFields, null when the collection has none (6346807 is thrown here).
// One at a time per collection, beside ordinary reads and writes. They commit transactions of their
// own, so they refuse to run inside a client's transaction. Killed in between, or out of time, they
// leave what they did, and the next run goes on from there. Throws UnknownField, MissingField,
// TypeMismatch for a malformed command; 7294900 (a path without token), 6346801 (token of a wrong
// kind). 7666502 / 7618816: a record's token was never used, because the command's tokens belong to
// other keys or because a client wrote nonsense; all other records were processed, and such ones
// stay in the ECOC.
bson::Document compact(Operation& op, const Namespace& ns, const schema::EncryptedFields* stored,
                       bson::View command, const CompactionLimits& limits = {});
bson::Document cleanup(Operation& op, const Namespace& ns, const schema::EncryptedFields* stored,
                       bson::View command, const CompactionLimits& limits = {});

// Throws what a malformed command throws (before the namespace is looked at).
void check_compact_command(bson::View command);
void check_cleanup_command(bson::View command);

}  // namespace quern::engine::qe

#endif  // QUERN_ENGINE_QE_COMPACT_H_
