// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The tree that update operators are parsed into: a node a path component, a modifier at the end of
// each path. Applying it rewrites a document in one pass.
#ifndef QUERN_QUERY_UPDATE_UPDATE_NODE_H_
#define QUERN_QUERY_UPDATE_UPDATE_NODE_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quern/bson/document.h"
#include "query/match/match.h"
#include "query/value/field_path.h"
#include "query/value/writer.h"

namespace quern::query {

// What a modifier may look at beside the value that it modifies.
struct UpdateContext {
  bson::View root;                      // the document before the update
  bool inserting = false;               // an upsert that found nothing
  std::optional<std::size_t> position;  // what "$" stands for
};

// What an operator does to the value at the end of its path.
class Modifier {
 public:
  virtual ~Modifier() = default;

  enum class Effect {
    kNone,    // nothing was written: the old value stays
    kSet,     // the new value was written to out under key
    kRemove,  // the field goes away (a member of an array becomes null)
  };
  // old is missing where the document has no such field. path is for messages.
  virtual Effect apply(bson::ValueView old, std::string_view key, Writer& out,
                       const UpdateContext& context, const std::string& path) const = 0;
  // Does it bring a missing field into being?
  virtual bool creates(const UpdateContext&) const { return true; }
  // Is it a fault when its field cannot be, because a value on the path is no document?
  virtual bool needs_path(const UpdateContext& context) const { return creates(context); }
};

// Names in the order in which MongoDB adds new fields: numbers by value, before all else.
struct FieldOrder {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const;
};

// The filters of "$[name]", by name. Each is of a document {name: member}.
using ArrayFilters = std::map<std::string, Matcher, std::less<>>;

class UpdateNode {
 public:
  // Adds modifier at the end of path. Throws ConflictingUpdateOperators (40) where another one is
  // on the way or below.
  void insert(const FieldPath& path, std::unique_ptr<const Modifier> modifier);

  struct Child {
    std::unique_ptr<UpdateNode> node;
    const Matcher* filter = nullptr;  // of a "$[name]" with a name
  };

  std::unique_ptr<const Modifier> modifier;  // a leaf's
  std::map<std::string, Child, FieldOrder> children;
};

// Writes root with the update applied to out, whose document is open. True if anything changed.
bool apply_update(const UpdateNode& tree, bson::View root, Writer& out,
                  const UpdateContext& context);

}  // namespace quern::query

#endif  // QUERN_QUERY_UPDATE_UPDATE_NODE_H_
