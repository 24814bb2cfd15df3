// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The encryptedFields that a command was made for (RunContext::expected_schemas), held against
// those of the catalog: a value that was sent in the clear because its collection was a plain one
// is not taken for one that is encrypted now, nor payloads by a plain collection.
#ifndef QUERN_ENGINE_SESSION_EXPECTED_SCHEMAS_H_
#define QUERN_ENGINE_SESSION_EXPECTED_SCHEMAS_H_

#include "quern/bson/view.h"
#include "quern/command/namespace.h"

namespace quern::engine {

class CatalogSnapshot;
class Collection;

// Borrows the document. Says nothing of collections that are not in it. Immutable.
class ExpectedSchemas {
 public:
  ExpectedSchemas() = default;
  explicit ExpectedSchemas(bson::View schemas) : schemas_(schemas) {}

  // Throw CollectionUUIDMismatch when the collection, or one that is there, has other
  // encryptedFields; with the label TransientTransactionError, since the transaction can be run
  // again with its schema read anew.
  void check(const Collection& collection) const;
  void check(const CatalogSnapshot& catalog) const;
  // For a collection that is not there: throws NamespaceNotFound when it should have fields.
  void check_may_be_made(const Namespace& ns) const;

 private:
  bson::View schemas_;
};

// NamespaceNotFound, for a write that must not make the collection: a plain one would keep
// ciphertexts that no query finds.
[[noreturn]] void refuse_to_make(const Namespace& ns);

}  // namespace quern::engine

#endif  // QUERN_ENGINE_SESSION_EXPECTED_SCHEMAS_H_
