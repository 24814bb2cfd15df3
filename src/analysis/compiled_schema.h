// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#ifndef QUERN_ANALYSIS_COMPILED_SCHEMA_H_
#define QUERN_ANALYSIS_COMPILED_SCHEMA_H_

#include <map>
#include <memory>
#include <string>

#include "analysis/encryption_tree.h"
#include "analysis/output_tree.h"
#include "schema/encrypted_fields.h"

namespace quern::analysis {

// The encryptedFields of one collection with what the analysis of every command on it needs of
// them, made once. Immutable, cheap to copy, safe to read from many threads. What is found in it
// lives as long as a copy does.
class CompiledSchema {
 public:
  explicit CompiledSchema(schema::EncryptedFields fields)
      : parts_(std::make_shared<const Parts>(std::move(fields))) {}

  const schema::EncryptedFields& fields() const { return parts_->fields; }
  // Of the collection's documents.
  const EncryptionTree& tree() const { return parts_->tree; }
  // Of what comes out where they come out whole.
  const OutputTree& output() const { return parts_->output; }

 private:
  struct Parts {
    explicit Parts(schema::EncryptedFields given)
        : fields(std::move(given)), tree(fields), output(tree) {}
    const schema::EncryptedFields fields;
    const EncryptionTree tree;  // both borrow fields
    const OutputTree output;
  };

  std::shared_ptr<const Parts> parts_;
};

// By "db.coll". A collection without encrypted fields has an entry with none.
using SchemaMap = std::map<std::string, CompiledSchema, std::less<>>;

}  // namespace quern::analysis

#endif  // QUERN_ANALYSIS_COMPILED_SCHEMA_H_
