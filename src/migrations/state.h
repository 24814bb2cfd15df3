// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The models as migrations see them: plain data that outlives the C++ types. A state is built from
// the compiled models (state_of_models.h) or by applying migrations one after another; the
// autodetector compares the two.
//
// Paths: a "member path" joins members' names ("patient_record.ssn"), a "stored path" joins their
// columns. Embedded structs stand inline in their owner.
#ifndef QUERN_MIGRATIONS_STATE_H_
#define QUERN_MIGRATIONS_STATE_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quern/bson/document.h"

namespace quern::migrations {

struct FieldState {
  std::string name;
  std::string column;    // the stored name
  std::string type;      // BSON alias: "string", "object", …
  std::string embedded;  // the struct's name, of objects and arrays of objects
  bool primary_key = false;
  bool nullable = false;
  std::vector<FieldState> fields;           // the struct's members
  std::optional<bson::Document> encrypted;  // {} or {queries: …}, as in encryptedFields
  bson::Document attributes;                // what validation knows: max_length, default, …

  bool is_array() const { return type == "array"; }

  // Throws Error(FailedToParse) that names the member at fault.
  static FieldState parse(bson::View document);
  bson::Document to_bson() const;
  friend bool operator==(const FieldState& a, const FieldState& b) {
    return a.to_bson() == b.to_bson();
  }
};

// JSON has one kind of number, and migrations are files of it: the value with the types of the field
// and of the members below it, where it is of these but for the kind of its numbers.
bson::Value as_field_type(bson::ValueView value, const FieldState& field);

// An index, or a unique constraint, which is one too.
struct IndexState {
  std::string name;
  bson::Document key;  // stored paths to 1 or -1, as createIndexes takes it
  bson::Document options =
      {};  // sparse, partialFilterExpression, …; unique is the constraint's own

  static IndexState parse(bson::View document);
  bson::Document to_bson() const;
  friend bool operator==(const IndexState& a, const IndexState& b) {
    return a.to_bson() == b.to_bson();
  }
};

struct EncryptedMember {
  std::string member_path;
  std::string path;  // stored
  std::string type;
  bson::Document encrypted;

  friend bool operator==(const EncryptedMember&, const EncryptedMember&) = default;
};

struct ModelState {
  std::string app;
  std::string name;
  std::string collection;
  std::vector<FieldState> fields;
  std::vector<IndexState> indexes;
  std::vector<IndexState> constraints;
  // Encrypted members that were removed: the collection keeps their definition for ever.
  std::vector<EncryptedMember> removed_encrypted;

  std::string label() const { return app + "." + name; }
  bool has_encrypted() const { return !encrypted_paths().empty(); }
  // Members' definitions and those of removed ones, in the order of declaration.
  std::vector<EncryptedMember> encrypted_paths() const;
  // {fields: [{path, bsonType, keyAltName[, queries]}, …]}; keys are named <collection>.<path>.
  bson::Document encrypted_fields() const;

  FieldState* find(std::string_view member_path);
  const FieldState* find(std::string_view member_path) const;
};

// Where a member path leads in the stored documents.
struct StoredPath {
  std::vector<std::string> columns;
  std::vector<bool> in_array = {};  // for each column: the value there is an array of objects
  std::optional<std::size_t> encrypted = {};  // the column that is encrypted with all below it

  // The first so many columns, with dots; all without a number.
  std::string text(std::size_t count = std::string::npos) const;
  // The column at or above which no update reaches the member alone: an encrypted value, or an
  // array of objects, that the member lies in. It is stored again as a whole.
  std::optional<std::size_t> enclosing() const;
};
// Throws Error(FailedToParse) when the model has no such member.
StoredPath stored_path(const ModelState& model, std::string_view member_path);

class State {
 public:
  const std::map<std::string, ModelState>& models() const { return models_; }  // by label
  ModelState* find(std::string_view app, std::string_view name);
  const ModelState* find(std::string_view app, std::string_view name) const;
  // The same, but throws Error(FailedToParse) when there is none.
  ModelState& get(std::string_view app, std::string_view name);
  const ModelState& get(std::string_view app, std::string_view name) const;

  void add(ModelState model);  // throws Error(FailedToParse) when the label is taken
  void remove(std::string_view app, std::string_view name);

 private:
  std::map<std::string, ModelState> models_;
};

}  // namespace quern::migrations

#endif  // QUERN_MIGRATIONS_STATE_H_
