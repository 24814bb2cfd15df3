// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $push with $each, $position, $slice and $sort.
#include <algorithm>

#include "bson/strict_reader.h"
#include "quern/base/error.h"
#include "quern/bson/compare.h"
#include "query/update/update_parser.h"
#include "query/value/sort.h"

namespace quern::query {
namespace {

class Push : public Modifier {
 public:
  bson::Value values;                    // an array
  std::optional<std::int64_t> position;  // before which member, from the end if negative
  std::optional<std::int64_t> slice;     // how many to keep: the first, or the last if negative
  std::optional<SortPattern> pattern;    // by fields of the members
  int direction = 0;                     // by the members themselves

  Effect apply(bson::ValueView old, std::string_view key, Writer& out, const UpdateContext&,
               const std::string& path) const override {
    if (!old.missing() && !old.is_array()) {
      throw Error(ErrorCode::kBadValue, "The field '" + path +
                                            "' must be an array but is of type " +
                                            std::string(bson::alias(old.type())));
    }
    std::vector<bson::ValueView> members;
    if (old.is_array()) {
      for (const bson::Element& member : old.as_array()) members.push_back(member.value());
    }
    insert(members);
    sort(members);
    cut(members);
    out.open(key, bson::Type::kArray);
    for (const bson::ValueView member : members) out.push(member);
    out.close();
    return Effect::kSet;
  }

 private:
  void insert(std::vector<bson::ValueView>& members) const {
    const auto size = static_cast<std::int64_t>(members.size());
    std::int64_t at = position.value_or(size);
    at = at < 0 ? std::max<std::int64_t>(0, size + at) : std::min(at, size);
    std::vector<bson::ValueView> added;
    for (const bson::Element& value : values.view().as_array()) added.push_back(value.value());
    members.insert(members.begin() + at, added.begin(), added.end());
  }

  void sort(std::vector<bson::ValueView>& members) const {
    if (direction != 0) {
      std::stable_sort(members.begin(), members.end(),
                       [this](bson::ValueView a, bson::ValueView b) {
                         const auto order = bson::compare(a, b);
                         return direction > 0 ? order < 0 : order > 0;
                       });
    } else if (pattern) {
      const auto fields = [](bson::ValueView v) {
        return v.is_document() ? v.as_document() : bson::View();
      };
      std::stable_sort(members.begin(), members.end(), [&](bson::ValueView a, bson::ValueView b) {
        return pattern->compare(fields(a), fields(b)) < 0;
      });
    }
  }

  void cut(std::vector<bson::ValueView>& members) const {
    if (!slice) return;
    const std::size_t keep =
        *slice < 0 ? static_cast<std::size_t>(-(*slice + 1)) + 1 : static_cast<std::size_t>(*slice);
    if (members.size() <= keep) return;
    if (*slice < 0) {
      members.erase(members.begin(), members.end() - static_cast<std::ptrdiff_t>(keep));
    } else {
      members.resize(keep);
    }
  }
};

std::int64_t whole_clause(const bson::Element& clause) {
  const auto number = clause.whole_number();
  if (!number) {
    throw Error(ErrorCode::kBadValue, "The value for " + std::string(clause.key()) +
                                          " must be an integer value but was given type: " +
                                          std::string(bson::alias(clause.type())));
  }
  return *number;
}

void parse_sort_clause(const bson::Element& clause, Push& push, const ParseContext& context) {
  if (clause.is_document()) {
    if (clause.as_document().empty()) {
      throw Error(ErrorCode::kBadValue,
                  "The $sort pattern is empty when it should be a set of fields.");
    }
    for (const bson::Element& part : clause.as_document()) {
      const std::string_view key = part.key();
      if (part.whole_number() != 1 && part.whole_number() != -1) {
        throw Error(ErrorCode::kBadValue, "The $sort element value must be either 1 or -1");
      }
      if (key.empty() || key.starts_with('.') || key.ends_with('.') || key.find("..") != key.npos) {
        throw Error(ErrorCode::kBadValue, "The $sort field '" + std::string(key) +
                                              "' has an empty part, which is not allowed");
      }
    }
    push.pattern = SortPattern::parse(clause.as_document(), context);
    return;
  }
  const auto direction = clause.whole_number();
  if (direction != 1 && direction != -1) {
    throw Error(ErrorCode::kBadValue, "The $sort element value must be either 1 or -1");
  }
  push.direction = static_cast<int>(*direction);
}

}  // namespace

void parse_push(const bson::Element& argument, UpdateParser& parser) {
  auto push = std::make_unique<Push>();
  if (!argument.is_document() || !argument.as_document().contains("$each")) {
    push->values = bson::array(argument.value());
    parser.add(argument.key(), std::move(push));
    return;
  }
  const bson::StrictReader clauses(argument.as_document(), "$push",
                                   {"$each", "$position", "$slice", "$sort"},
                                   {.unknown = {static_cast<std::int32_t>(ErrorCode::kBadValue),
                                                "Unrecognized clause in $push: {name}"}});
  const bson::Element each = clauses["$each"];
  if (!each.is_array()) {
    throw Error(ErrorCode::kBadValue,
                "The argument to $each in $push must be an array but it was of type: " +
                    std::string(bson::alias(each.type())));
  }
  push->values = bson::Value(each.value());
  if (const bson::Element position = clauses["$position"]) push->position = whole_clause(position);
  if (const bson::Element slice = clauses["$slice"]) push->slice = whole_clause(slice);
  if (const bson::Element sort = clauses["$sort"]) {
    parse_sort_clause(sort, *push, parser.context());
  }
  parser.add(argument.key(), std::move(push));
}

}  // namespace quern::query
