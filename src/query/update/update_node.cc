// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/update/update_node.h"

#include "quern/base/error.h"
#include "query/value/path_walk.h"

namespace quern::query {

bool FieldOrder::operator()(std::string_view a, std::string_view b) const {
  const auto x = array_index(a);
  const auto y = array_index(b);
  if (x && y) return *x < *y;
  if (x.has_value() != y.has_value()) return x.has_value();
  return a < b;
}

namespace {

[[noreturn]] void conflict(const std::string& path, const std::string& at) {
  throw Error(ErrorCode::kConflictingUpdateOperators,
              "Updating the path '" + path + "' would create a conflict at '" + at + "'");
}

// Several nodes can meet at one member of an array: a.0 and a.$[].
using Nodes = std::vector<const UpdateNode*>;

bool is_array_operator(std::string_view name) { return name.starts_with("$["); }

class Application {
 public:
  Application(Writer& out, const UpdateContext& context) : out_(out), context_(context) {}

  bool document(const Nodes& nodes, bson::View document) {
    bool changed = false;
    Names names = fields(nodes);
    for (const bson::Element& element : document) {
      const auto found = names.find(element.key());
      if (found == names.end()) {
        out_.append(element);
      } else {
        found->second.met = true;
        changed |= field(found->second.nodes, element.value(), element.key(), /*in_array=*/false);
      }
    }
    for (const auto& [name, here] : names) {
      if (!here.met) changed |= field(here.nodes, {}, name, /*in_array=*/false);
    }
    return changed;
  }

 private:
  struct Here {
    Nodes nodes;
    bool met = false;  // the document has that field
  };
  using Names = std::map<std::string, Here, FieldOrder>;
  using ArrayOperators = std::vector<const std::pair<const std::string, UpdateNode::Child>*>;

  // The children of all nodes by the name of the field or member that they are about, numbers
  // first, ascending; "$" becomes a number here. The "$[…]" are about no name.
  Names collect(const Nodes& nodes, ArrayOperators& operators) const {
    Names names;
    for (const UpdateNode* node : nodes) {
      for (const auto& child : node->children) {
        if (is_array_operator(child.first)) {
          operators.push_back(&child);
        } else {
          names[resolve(child.first)].nodes.push_back(child.second.node.get());
        }
      }
    }
    return names;
  }

  // The same where only fields can be.
  Names fields(const Nodes& nodes) const {
    ArrayOperators operators;
    Names names = collect(nodes, operators);
    if (!operators.empty()) {
      throw Error(ErrorCode::kBadValue, "Cannot apply array updates to non-array element " + path_ +
                                            ": the path must exist and hold an array to apply '" +
                                            operators.front()->first + "'");
    }
    return names;
  }

  std::string resolve(const std::string& name) const {
    if (name != "$") return name;
    if (!context_.position) {
      throw Error(ErrorCode::kBadValue,
                  "The positional operator did not find the match needed from the query.");
    }
    return std::to_string(*context_.position);
  }

  // One field or member. Writes what remains of it; true if that differs from old.
  bool field(const Nodes& nodes, bson::ValueView old, std::string_view key, bool in_array) {
    const std::size_t path_size = path_.size();
    if (!path_.empty()) path_ += '.';
    path_ += key;
    const bool changed = nodes.front()->modifier != nullptr ? modify(nodes, old, key, in_array)
                                                            : descend(nodes, old, key);
    path_.resize(path_size);
    return changed;
  }

  bool modify(const Nodes& nodes, bson::ValueView old, std::string_view key, bool in_array) {
    if (nodes.size() > 1) conflict(path_, path_);
    switch (nodes.front()->modifier->apply(old, key, out_, context_, path_)) {
      case Modifier::Effect::kNone:
        if (!old.missing()) out_.append(key, old);
        return false;
      case Modifier::Effect::kSet:
        return true;
      case Modifier::Effect::kRemove:
        if (in_array) out_.append(key, bson::ValueView(bson::Type::kNull, {}));
        return in_array ? !old.is_null() : !old.missing();
    }
    return false;
  }

  bool descend(const Nodes& nodes, bson::ValueView old, std::string_view key) {
    for (const UpdateNode* node : nodes) {
      if (node->modifier != nullptr) conflict(path_, path_);
    }
    switch (old.type()) {
      case bson::Type::kDocument: {
        out_.open(key, bson::Type::kDocument);
        const bool changed = document(nodes, old.as_document());
        out_.close();
        return changed;
      }
      case bson::Type::kArray: {
        out_.open(key, bson::Type::kArray);
        const bool changed = array(nodes, old.as_array());
        out_.close();
        return changed;
      }
      case bson::Type::kEnd: {
        const Writer::Mark before = out_.mark();
        out_.open(key, bson::Type::kDocument);
        const bool changed = document(nodes, {});
        if (changed) {
          out_.close();
        } else {
          out_.rollback(before);
        }
        return changed;
      }
      default:
        for (const auto& [name, here] : fields(nodes)) refuse_creation(here.nodes, name, "element");
        out_.append(key, old);
        return false;
    }
  }

  // A field that can't be: fine for operators that only take fields away.
  void refuse_creation(const Nodes& nodes, const std::string& name, const char* where) const {
    for (const UpdateNode* node : nodes) {
      if (needs_path(*node)) {
        throw Error(ErrorCode::kPathNotViable, "Cannot create field '" + name + "' in " + where +
                                                   " '" + path_ + "': it is no document");
      }
    }
  }
  bool needs_path(const UpdateNode& node) const {
    if (node.modifier != nullptr) return node.modifier->needs_path(context_);
    for (const auto& [name, child] : node.children) {
      if (needs_path(*child.node)) return true;
    }
    return false;
  }

  bool array(const Nodes& nodes, bson::View array) {
    ArrayOperators operators;
    const Names names = collect(nodes, operators);
    auto next = names.begin();
    bool changed = false;
    std::uint32_t size = 0;
    for (const bson::Element& member : array) {
      Nodes here;
      if (next != names.end() && array_index(next->first) == size) {
        here = next->second.nodes;
        ++next;
      }
      for (const auto* child : operators) {
        if (accepts(child->first, child->second, member)) here.push_back(child->second.node.get());
      }
      if (here.empty()) {
        out_.append(member);
      } else {
        changed |= field(here, member.value(), member.key(), /*in_array=*/true);
      }
      ++size;
    }
    return append_members(next, names.end(), size) || changed;
  }

  bool accepts(const std::string& name, const UpdateNode::Child& child,
               const bson::Element& member) {
    if (child.filter == nullptr) return true;  // "$[]"
    wrapped_.clear();
    wrapped_.append(std::string_view(name).substr(2, name.size() - 3), member.value());
    return child.filter->matches(wrapped_.finish());
  }

  // Members beyond the end, with nulls to fill the gap.
  bool append_members(Names::const_iterator next, Names::const_iterator end, std::uint32_t size) {
    constexpr std::uint32_t kMaxPadding = 1'500'000;
    bool changed = false;
    for (; next != end; ++next) {
      const auto& [name, here] = *next;
      const auto index = array_index(name);
      if (!index) {
        refuse_creation(here.nodes, name, "array");
        continue;
      }
      if (*index - size > kMaxPadding) {
        throw Error(ErrorCode::kBadValue, "can't backfill more than " +
                                              std::to_string(kMaxPadding) +
                                              " elements of the array '" + path_ + "'");
      }
      const Writer::Mark before = out_.mark();
      for (std::uint32_t i = size; i < *index; ++i) {
        out_.append(std::to_string(i), bson::ValueView(bson::Type::kNull, {}));
      }
      if (field(here.nodes, {}, name, /*in_array=*/true)) {
        size = *index + 1;
        changed = true;
      } else {
        out_.rollback(before);
      }
    }
    return changed;
  }

  Writer& out_;
  const UpdateContext& context_;
  Writer wrapped_;
  std::string path_;
};

}  // namespace

void UpdateNode::insert(const FieldPath& path, std::unique_ptr<const Modifier> added) {
  UpdateNode* at = this;
  std::string so_far;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (at->modifier != nullptr) conflict(path.text(), so_far);
    if (i > 0) so_far += '.';
    so_far += path[i].name;
    auto& child = at->children[std::string(path[i].name)].node;
    if (child == nullptr) child = std::make_unique<UpdateNode>();
    at = child.get();
  }
  if (at->modifier != nullptr || !at->children.empty()) conflict(path.text(), path.text());
  at->modifier = std::move(added);
}

bool apply_update(const UpdateNode& tree, bson::View root, Writer& out,
                  const UpdateContext& context) {
  return Application(out, context).document({&tree}, root);
}

}  // namespace quern::query
