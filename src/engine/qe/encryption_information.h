// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The encryptionInformation member of a command: {type: 1, schema: {"db.coll": encryptedFields,
// …}}. Its presence asks the server to process payloads; the schema in it, not the catalog's, is
// what the payloads are checked against, so a collection need not be declared as encrypted; where
// it is, the two must agree (engine/qe/payload_rules.h).
#ifndef QUERN_ENGINE_QE_ENCRYPTION_INFORMATION_H_
#define QUERN_ENGINE_QE_ENCRYPTION_INFORMATION_H_

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "quern/bson/document.h"
#include "quern/command/namespace.h"
#include "schema/encrypted_fields.h"

namespace quern::engine {
class Collection;
class Operation;
}  // namespace quern::engine

namespace quern::engine::qe {

// Movable. Not thread-safe: schemas are parsed when they are first asked for, as MongoDB does.
class EncryptionInformation {
 public:
  // The command's encryptionInformation; nothing when it has none. For explain, pass the explained
  // command. Throws UnknownField (40415), MissingField (40414), TypeMismatch for a malformed one,
  // and 6666201 when a client claims crudProcessed.
  static std::optional<EncryptionInformation> parse(bson::View command);

  // The schema of a namespace, parsed and checked. Throws 6371205 when it has no entry, 6371207 or
  // 6371208 when the entry names no state collection, 8575606 for rangePreview, and what
  // schema::EncryptedFields::parse throws. stored: what the catalog has for the namespace; when
  // the entry says the same, that object comes back, and nothing is parsed.
  const schema::EncryptedFields& fields(const Namespace& ns,
                                        const schema::EncryptedFields* stored = nullptr);

  // The same for a namespace that may be unencrypted: null when it has no entry or no fields.
  const schema::EncryptedFields* find(const Namespace& ns,
                                      const schema::EncryptedFields* stored = nullptr);

 private:
  explicit EncryptionInformation(bson::Document schema) : schema_(std::move(schema)) {}

  bson::Document schema_;
  std::map<std::string, std::unique_ptr<schema::EncryptedFields>, std::less<>> parsed_;
};

// The collection that a write with encryptionInformation goes to. Throws NamespaceNotFound (26) when
// it is not there: a plain one made on the fly would keep ciphertexts that no query finds.
const Collection& existing_collection(Operation& op, const Namespace& ns);

// The encryptedFields that the catalog has for a collection; null when it is not declared as
// encrypted, or not there. Lives as long as the operation.
const schema::EncryptedFields* stored_fields(Operation& op, const Namespace& ns);

}  // namespace quern::engine::qe

#endif  // QUERN_ENGINE_QE_ENCRYPTION_INFORMATION_H_
