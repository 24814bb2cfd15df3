// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Where the documents that a command answers with hold ciphertexts, and of which fields: the
// encryption tree of what comes out, in a form that outlives the command, for the batches that
// getMore brings.
#ifndef QUERN_ANALYSIS_OUTPUT_TREE_H_
#define QUERN_ANALYSIS_OUTPUT_TREE_H_

#include <memory>
#include <string>
#include <vector>

#include "analysis/encryption_tree.h"
#include "schema/encrypted_fields.h"

namespace quern::analysis {

// Immutable and cheap to copy. Owns its names; borrows the fields from the schemas that the analysis
// was given.
class OutputTree {
 public:
  enum class Kind : std::uint8_t {
    kEncrypted,  // the ciphertext of field
    kUnknown,    // plain, or the ciphertext of one of candidates
    kObject,     // a document; what children does not name is plain
    kArray,      // an array whose elements are all like children[0], or such a value itself
  };
  struct Node {
    Kind kind = Kind::kObject;
    std::string name;  // below an object
    const schema::EncryptedField* field = nullptr;
    EncryptionTree::Fields candidates;
    std::vector<Node> children;

    const Node* child(std::string_view key) const;
  };

  OutputTree();  // nothing is encrypted
  explicit OutputTree(const EncryptionTree& tree);

  bool empty() const { return root_->kind == Kind::kObject && root_->children.empty(); }
  const Node& root() const { return *root_; }

  // The same paths of the same fields, by what the schemas say of them.
  friend bool operator==(const OutputTree& a, const OutputTree& b);

 private:
  std::shared_ptr<const Node> root_;
};

}  // namespace quern::analysis

#endif  // QUERN_ANALYSIS_OUTPUT_TREE_H_
