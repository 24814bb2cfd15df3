// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/update/upsert.h"

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "quern/base/error.h"
#include "query/match/match_parser.h"
#include "query/value/values.h"
#include "query/value/writer.h"

namespace quern::query {
namespace {

struct Equality {
  std::string_view path;
  bson::ValueView value;
};

// The value if the array holds exactly one.
bson::ValueView only_member(const bson::Element& array) {
  if (!array.is_array() || array.as_array().count() != 1) return {};
  return array.as_array().front().value();
}

void collect_operators(std::string_view path, bson::View operators,
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
      collect_operators(element.key(), value.as_document(), equalities);
    } else {
      equalities.push_back({element.key(), value});
    }
  }
}

// A field of the document to be: a value, or fields in the order in which the filter names them.
class Seed {
 public:
  void insert(const Equality& equality) {
    Seed* at = this;
    std::size_t levels = 0;
    for (std::string_view rest = equality.path;;) {
      if (++levels > kMaxDepth) {
        throw Error(ErrorCode::kOverflow, "a path of the filter has more than " +
                                              std::to_string(kMaxDepth) + " components");
      }
      const std::size_t dot = rest.find('.');
      at = &at->child(rest.substr(0, dot));
      if (at->value_) clash(equality.path);
      if (dot == rest.npos) break;
      rest.remove_prefix(dot + 1);
    }
    if (!at->fields_.empty()) clash(equality.path);
    at->value_ = equality.value;
  }

  void write_fields(Writer& out) const {
    for (const auto& [name, seed] : fields_) {
      if (seed->value_) {
        out.append(name, seed->value_);
      } else {
        out.open(name, bson::Type::kDocument);
        seed->write_fields(out);
        out.close();
      }
    }
  }

 private:
  [[noreturn]] static void clash(std::string_view path) {
    throw Error(
        54, "cannot infer query fields to set, path '" + std::string(path) + "' is matched twice");
  }

  Seed& child(std::string_view name) {
    Seed*& found = by_name_[name];
    if (found == nullptr) {
      found = fields_.emplace_back(name, std::make_unique<Seed>()).second.get();
    }
    return *found;
  }

  bson::ValueView value_;
  std::vector<std::pair<std::string_view, std::unique_ptr<Seed>>> fields_;
  std::unordered_map<std::string_view, Seed*> by_name_;
};

}  // namespace

bson::Document upsert_seed(bson::View filter, bool only_id) {
  std::vector<Equality> equalities;
  collect(filter, equalities);
  Seed seed;
  for (const Equality& equality : equalities) {
    if (!only_id || equality.path == "_id") seed.insert(equality);
  }
  Writer out;
  seed.write_fields(out);
  return out.finish_document();
}

}  // namespace quern::query
