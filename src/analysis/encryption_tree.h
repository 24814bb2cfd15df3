// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What is known of the documents at one place of a command. For a collection's documents it is made
// from its encryptedFields; as documents pass through aggregation stages, each stage turns the tree
// of its input into the tree of its output. An expression's value has a tree too.
#ifndef QUERN_ANALYSIS_ENCRYPTION_TREE_H_
#define QUERN_ANALYSIS_ENCRYPTION_TREE_H_

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "schema/encrypted_fields.h"

namespace quern::analysis {

// A node says three things of the value under its name:
//
//   kind            what of it is encrypted now
//   was_encrypted   the name stood for an encrypted field earlier in the pipeline. Whatever was
//                   assigned since, whoever filters by the name, or by one below it, may mean a
//                   value of that field: it must not be sent in the clear
//   constant        whether a constant of the command is in the value: it must not come in the
//                   place of an encrypted field, or be compared with one that was
//
// All three move with the value from stage to stage. Names are borrowed from the schema and the
// command, which outlive the analysis; so are the fields.
class EncryptionTree {
 public:
  enum class Kind : std::uint8_t {
    kPlain,      // nothing encrypted at or below
    kEncrypted,  // the ciphertext of field()
    kUnknown,    // a ciphertext or not, of one field or another: known only when it runs
    kObject,     // a document; what children() does not name is plain
    kArray,      // an array whose elements are all like children()[0]
  };

  enum class Constant : std::uint8_t {
    kNone,
    kComputed,  // the value is computed with some
    kHere,      // it may be one, or an array of some
    kAnywhere,  // or a document that has some, under whatever names
  };

  using Fields = std::vector<const schema::EncryptedField*>;

  // Where a path leads.
  struct Target {
    enum class Kind : std::uint8_t {
      kPlain,
      kRemoved,        // to, or below, a name that stood for an encrypted field
      kEncrypted,      // exactly to an encrypted field
      kAbove,          // to a document that holds encrypted fields, or names that stood for some
      kBelow,          // inside an encrypted field
      kUnknown,        // to, or below, an unknown node
      kArray,          // to, or below, an array with encrypted elements
      kArrayPosition,  // through "0", "$", "$[]" or "$[x]" directly below a document with encrypted
                       // fields
    };
    Kind kind = Kind::kPlain;
    const EncryptionTree* node = nullptr;  // the last one on the way; nullptr when it is left
    std::string_view rest;                 // the components that are left after node
    bool was_encrypted = false;            // a node on the way was
    Constant constant = Constant::kNone;   // what the nodes on the way have for those below

    // Something encrypted is, or may be, at, above or below the path.
    bool encrypts() const { return node != nullptr && node->encrypts(); }
    bool is_sensitive() const { return kind != Kind::kPlain; }
    // The tree of the value at the path.
    EncryptionTree value() const;
  };

  EncryptionTree() = default;  // plain
  explicit EncryptionTree(const schema::EncryptedFields& fields);
  static EncryptionTree encrypted(const schema::EncryptedField& field);
  // candidates: the fields that it may be a ciphertext of, as fields() gives them.
  static EncryptionTree unknown(Fields candidates = {});
  static EncryptionTree constant_of(Constant constant);
  static EncryptionTree array_of(EncryptionTree element);

  Kind kind() const { return kind_; }
  std::string_view name() const { return name_; }
  const schema::EncryptedField& field() const { return *field_; }
  // The fields whose ciphertexts are, or may be, at or below, each once.
  Fields fields() const;
  const std::vector<EncryptionTree>& children() const { return children_; }
  Constant constant() const { return constant_; }
  bool was_encrypted() const { return was_encrypted_; }

  // Something at or below is, or may be, encrypted.
  bool encrypts() const;
  // Something at or below is, may be, or was encrypted.
  bool is_sensitive() const;
  // At or below.
  bool holds_constant() const;
  // The child of that name, nullptr when nothing is known of it.
  const EncryptionTree* child(std::string_view name) const;
  // Paths lead through arrays in which nothing is encrypted, with positions or without.
  Target resolve(std::string_view path) const;
  // The dotted path of the first node that is sensitive, or that encrypts, and is no object,
  // relative to this one.
  std::string first_sensitive_path() const;
  std::string first_encrypted_path() const;

  // The value under that name, as it stands, of the document or of the array's documents.
  EncryptionTree member(std::string_view name) const;
  // An element of the array; of what is none, itself.
  EncryptionTree element() const;
  // What may be this value, or any part of it.
  EncryptionTree parts() const;

  // Changes. A path is dotted; what is on the way to it becomes documents.

  // What a stage assigns to the path, whatever was there. The names of what was there stay.
  void assign(std::string_view path, EncryptionTree value);
  // The same, but nothing of what was there stays: it is the value in another form.
  void set(std::string_view path, EncryptionTree value);
  // Takes away what is there. Its names stay.
  void remove(std::string_view path);
  // What stays after all of it was taken away: names.
  EncryptionTree removed() const;
  // Keeps the names of what old has, or had, encrypted: this value comes in its place.
  void come_in_place_of(const EncryptionTree& old);
  // Copies what source has at the path: projection by inclusion.
  void include(std::string_view path, const EncryptionTree& source);
  // Puts a member, under that name as it stands, into the document.
  void set_member(std::string_view name, EncryptionTree value);
  // This value or the other one.
  void join(const EncryptionTree& other);
  void add_constant(Constant constant) { constant_ = std::max(constant_, constant); }
  void set_was_encrypted() { was_encrypted_ = true; }

  bool operator==(const EncryptionTree&) const = default;

 private:
  explicit EncryptionTree(Kind kind) : kind_(kind) {}
  EncryptionTree* find(std::string_view name);
  EncryptionTree& child_or_new(std::string_view name);
  bool is_leaf() const { return kind_ == Kind::kEncrypted || kind_ == Kind::kUnknown; }
  bool says_nothing() const;
  void add_fields(Fields& fields) const;
  void drop_silent_children();
  template <class Predicate>
  std::string first_path(Predicate holds) const;

  std::string_view name_;
  const schema::EncryptedField* field_ = nullptr;
  Fields candidates_;  // of kUnknown
  std::vector<EncryptionTree> children_;
  Kind kind_ = Kind::kPlain;
  Constant constant_ = Constant::kNone;
  bool was_encrypted_ = false;
};

// Takes the first component off a dotted path.
std::string_view take_component(std::string_view& path);

}  // namespace quern::analysis

#endif  // QUERN_ANALYSIS_ENCRYPTION_TREE_H_
