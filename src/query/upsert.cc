// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/upsert.h"

#include <string>
#include <vector>

#include "quern/base/error.h"
#include "query/match_parser.h"
#include "query/update_node.h"

namespace quern::query {
namespace {

struct Equality {
  std::string path;
  bson::ValueView value;
};

// The value if the array holds exactly one.
bson::ValueView only_member(const bson::Element& array) {
  if (!array.is_array() || array.as_array().count() != 1) return {};
  return array.as_array().front().value();
}

void collect_operators(const std::string& path, bson::View operators,
                       std::vector<Equality>& equalities) {
  for (const bson::Element& op : operators) {
    bson::ValueView value;
    if (op.key() == "$eq") value = op.value();
    if (op.key() == "$in" || op.key() == "$all") value = only_member(op);
    if (value.missing() || value.type() == bson::Type::kRegex || is_operator_document(value))
      continue;
    equalities.push_back({path, value});
  }
}

void collect(bson::View filter, std::vector<Equality>& equalities) {
  for (const bson::Element& element : filter) {
    const bson::ValueView value = element.value();
    if (element.key() == "$and") {
      for (const bson::Element& member : element.as_array())
        collect(member.as_document(), equalities);
    } else if (element.key() == "$or") {
      const bson::ValueView only = only_member(element);
      if (only.is_document()) collect(only.as_document(), equalities);
    } else if (element.key().starts_with('$') || value.type() == bson::Type::kRegex) {
      continue;
    } else if (is_operator_document(value)) {
      collect_operators(std::string(element.key()), value.as_document(), equalities);
    } else {
      equalities.push_back({std::string(element.key()), value});
    }
  }
}

class Seed : public Modifier {
 public:
  explicit Seed(bson::ValueView value) : value_(value) {}
  Effect apply(bson::ValueView, std::string_view key, Writer& out, const UpdateContext&,
               const std::string&) const override {
    out.append(key, value_);
    return Effect::kSet;
  }

 private:
  bson::ValueView value_;
};

}  // namespace

bson::Document upsert_seed(bson::View filter, bool only_id) {
  std::vector<Equality> equalities;
  collect(filter, equalities);
  bson::Document seed;
  for (const Equality& equality : equalities) {
    if (only_id && equality.path != "_id") continue;
    for (const Equality& other : equalities) {
      if (&other == &equality) break;
      const bool clash = other.path == equality.path ||
                         other.path.starts_with(equality.path + ".") ||
                         equality.path.starts_with(other.path + ".");
      if (clash) {
        throw Error(
            54, "cannot infer query fields to set, path '" + equality.path + "' is matched twice");
      }
    }
    UpdateNode tree;
    tree.insert(Path(equality.path), std::make_unique<Seed>(equality.value));
    Writer out;
    apply_update(tree, seed, out, {});
    seed = out.finish_document();
  }
  return seed;
}

}  // namespace quern::query
