// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Which paths of a document are encrypted, as a tree over field names. For a collection it comes
// from its encryptedFields; as documents pass through aggregation stages, each stage turns the tree
// of its input into the tree of its output.
#ifndef QUERN_ANALYSIS_ENCRYPTION_TREE_H_
#define QUERN_ANALYSIS_ENCRYPTION_TREE_H_

#include <string_view>
#include <vector>

#include "schema/encrypted_fields.h"

namespace quern::analysis {

// Names are borrowed from the schema and the command, which outlive the analysis; so are the
// fields.
class EncryptionTree {
 public:
  enum class Kind : std::uint8_t {
    kPlain,      // nothing encrypted at or below
    kRemoved,    // nothing, under the name of an encrypted field that an earlier stage took away
    kEncrypted,  // the ciphertext of field()
    kUnknown,    // a ciphertext or not, of one field or another: known only when it runs
    kObject,     // a document; what children() does not name is plain
    kArray,      // an array whose elements are all like children()[0]
  };

  // Where a path leads.
  struct Target {
    enum class Kind : std::uint8_t {
      kPlain,
      kRemoved,        // to, or below, the name of a field that an earlier stage took away: node
      kEncrypted,      // exactly to an encrypted field: node
      kAbove,          // to a document that holds encrypted fields, or names of removed ones: node
      kBelow,          // inside an encrypted field: node
      kUnknown,        // to, or below, an unknown node
      kArray,          // to, or below, an array with encrypted elements: node
      kArrayPosition,  // through "0", "$", "$[]" or "$[x]" directly below a document with encrypted
                       // fields
    };
    Kind kind = Kind::kPlain;
    const EncryptionTree* node = nullptr;
    std::string_view rest;  // kBelow, kArrayPosition: the components that are left

    // Something encrypted is, or may be, at, above or below the path.
    bool encrypts() const { return node != nullptr && node->encrypts(); }
  };

  EncryptionTree() = default;  // plain
  explicit EncryptionTree(const schema::EncryptedFields& fields);
  static EncryptionTree encrypted(const schema::EncryptedField& field);
  static EncryptionTree unknown() { return EncryptionTree(Kind::kUnknown); }
  static EncryptionTree array_of(EncryptionTree element);

  Kind kind() const { return kind_; }
  std::string_view name() const { return name_; }
  const schema::EncryptedField& field() const { return *field_; }
  const std::vector<EncryptionTree>& children() const { return children_; }

  // Something at or below is, or may be, encrypted.
  bool encrypts() const;
  // Kind kObject: the child of that name, nullptr when it is plain.
  const EncryptionTree* child(std::string_view name) const;
  // Paths lead through arrays in which nothing is encrypted, with positions or without.
  Target resolve(std::string_view path) const;
  // The dotted path of the first node that encrypts and is no object, relative to this one.
  std::string first_encrypted_path() const;

  // Changes of the tree. set() says what a stage assigns to the path, whatever was there, and turns
  // the way there into objects. remove() takes away what is there; the names of encrypted fields
  // stay as kRemoved, for whoever still filters by one would send its value in the clear.
  void set(std::string_view path, EncryptionTree value);
  void remove(std::string_view path);
  // The tree after all of it was taken away.
  EncryptionTree removed() const;
  // Copies what source has at the path: projection by inclusion.
  void include(std::string_view path, const EncryptionTree& source);

 private:
  explicit EncryptionTree(Kind kind) : kind_(kind) {}
  EncryptionTree* child(std::string_view name);
  void erase(std::string_view path);

  std::string_view name_;
  const schema::EncryptedField* field_ = nullptr;
  std::vector<EncryptionTree> children_;
  Kind kind_ = Kind::kPlain;
};

// Takes the first component off a dotted path.
std::string_view take_component(std::string_view& path);

}  // namespace quern::analysis

#endif  // QUERN_ANALYSIS_ENCRYPTION_TREE_H_
