// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What a payload must agree with: the schema that came with the command and, as servers since 9.0
// demand, that of the collection. A value that was stored, or is searched, under another key, query
// type or contention would never be found, or never find anything.
#ifndef QUERN_ENGINE_QE_PAYLOAD_RULES_H_
#define QUERN_ENGINE_QE_PAYLOAD_RULES_H_

#include <string_view>

#include "protocol/find_tokens.h"
#include "protocol/insert_update_payload.h"
#include "quern/command/namespace.h"
#include "schema/encrypted_fields.h"

namespace quern::engine {
class Operation;
}

namespace quern::engine::qe {

class PayloadRules {
 public:
  // sent: the command's schema of that collection; it must outlive the rules, as the operation
  // must. A collection that isn't declared as encrypted has no say.
  PayloadRules(Operation& op, const Namespace& ns, const schema::EncryptedFields& sent);

  // The field of the command's schema that a payload may be stored in. Throws, for a payload that
  // doesn't fit it, 6726300 (unknown path), 6373601 (no queries), 6373504 (BSON type), 6726301
  // (another key), 9188700 (contention); for one that doesn't fit the collection's, 9188709 (unknown
  // path), 6726301, 9188707 (other queries), 9188700.
  const schema::EncryptedField& check(std::string_view path,
                                      const protocol::InsertUpdatePayloadV2& payload) const;
  // A find payload of an algorithm. Throws 9188709, 9188707 and 9188701 (another contention).
  void check(std::string_view path, schema::Algorithm algorithm,
             const protocol::FindTokens& tokens) const;

 private:
  const schema::EncryptedFields& sent_;
  const schema::EncryptedFields* stored_;  // null: none, or sent_ itself
};

}  // namespace quern::engine::qe

#endif  // QUERN_ENGINE_QE_PAYLOAD_RULES_H_
