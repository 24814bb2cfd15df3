// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $addToSet, $pop, $pull, $pullAll.
#include <algorithm>
#include <functional>

#include "quern/base/error.h"
#include "quern/bson/compare.h"
#include "query/match_parser.h"
#include "query/update_parser.h"
#include "query/values.h"

namespace quern::query {
namespace {

bool is_member(bson::ValueView value, const std::vector<bson::ValueView>& members) {
  return std::any_of(members.begin(), members.end(),
                     [&](bson::ValueView member) { return bson::compare(member, value) == 0; });
}

class AddToSet : public Modifier {
 public:
  explicit AddToSet(bson::Value values) : values_(std::move(values)) {}
  Effect apply(bson::ValueView old, std::string_view key, Writer& out, const UpdateContext&,
               const std::string& path) const override {
    if (!old.missing() && !old.is_array()) {
      throw Error(ErrorCode::kBadValue, "Cannot apply $addToSet to non-array field. Field named '" +
                                            path + "' has non-array type " + type_name(old));
    }
    std::vector<bson::ValueView> members;
    if (old.is_array()) {
      for (const bson::Element& member : old.as_array()) members.push_back(member.value());
    }
    const std::size_t before = members.size();
    for (const bson::Element& value : values_.view().as_array()) {
      if (!is_member(value.value(), members)) members.push_back(value.value());
    }
    if (members.size() == before && !old.missing()) return Effect::kNone;
    out.open(key, bson::Type::kArray);
    for (const bson::ValueView member : members) out.push(member);
    out.close();
    return Effect::kSet;
  }

 private:
  bson::Value values_;  // an array
};

// Operators that only take members away.
class Removal : public Modifier {
 public:
  bool creates(const UpdateContext&) const override { return false; }

 protected:
  // Writes the members that keep(member, position) accepts, if that changes anything.
  template <class Keep>
  static Effect write_kept(bson::View array, std::string_view key, Writer& out, Keep keep) {
    const Writer::Mark before = out.mark();
    bool removed = false;
    std::size_t i = 0;
    out.open(key, bson::Type::kArray);
    for (const bson::Element& member : array) {
      if (keep(member, i++)) {
        out.push(member.value());
      } else {
        removed = true;
      }
    }
    if (removed) {
      out.close();
      return Effect::kSet;
    }
    out.rollback(before);
    return Effect::kNone;
  }
};

class Pop : public Removal {
 public:
  explicit Pop(bool first) : first_(first) {}
  Effect apply(bson::ValueView old, std::string_view key, Writer& out, const UpdateContext&,
               const std::string& path) const override {
    if (old.missing()) return Effect::kNone;
    if (!old.is_array()) {
      throw Error(
          ErrorCode::kTypeMismatch,
          "Path '" + path + "' contains an element of non-array type '" + type_name(old) + "'");
    }
    const std::size_t gone = first_ ? 0 : old.as_array().count() - 1;
    return write_kept(old.as_array(), key, out,
                      [gone](const bson::Element&, std::size_t i) { return i != gone; });
  }

 private:
  bool first_;
};

class Pull : public Removal {
 public:
  // condition: an $elemMatch filter of the document {m: [member]}, or null for equality with value.
  Pull(std::optional<Matcher> condition, bson::Value value)
      : condition_(std::move(condition)), value_(std::move(value)) {}
  Effect apply(bson::ValueView old, std::string_view key, Writer& out, const UpdateContext&,
               const std::string& path) const override {
    if (old.missing()) return Effect::kNone;
    if (!old.is_array()) {
      throw Error(ErrorCode::kBadValue, "Cannot apply $pull to a non-array value: '" + path + "'");
    }
    Writer wrapped;
    return write_kept(old.as_array(), key, out, [&](const bson::Element& member, std::size_t) {
      if (!condition_) return bson::compare(member.value(), value_.view()) != 0;
      wrapped.clear();
      wrapped.open("m", bson::Type::kArray).push(member.value()).close();
      return !condition_->matches(wrapped.finish());
    });
  }

 private:
  std::optional<Matcher> condition_;
  bson::Value value_;
};

class PullAll : public Removal {
 public:
  explicit PullAll(bson::Value values) : values_(std::move(values)) {
    for (const bson::Element& value : values_.view().as_array()) members_.push_back(value.value());
  }
  Effect apply(bson::ValueView old, std::string_view key, Writer& out, const UpdateContext&,
               const std::string& path) const override {
    if (old.missing()) return Effect::kNone;
    if (!old.is_array()) {
      throw Error(ErrorCode::kBadValue, "Cannot apply $pull to a non-array value: '" + path + "'");
    }
    return write_kept(old.as_array(), key, out, [this](const bson::Element& member, std::size_t) {
      return !is_member(member.value(), members_);
    });
  }

 private:
  bson::Value values_;
  std::vector<bson::ValueView> members_;
};

}  // namespace

void parse_add_to_set(const bson::Element& argument, UpdateParser& parser) {
  bson::Value values = bson::array(argument.value());
  if (argument.is_document() && argument.as_document().front().key() == "$each") {
    const bson::View clauses = argument.as_document();
    if (!clauses.front().is_array()) {
      throw Error(ErrorCode::kTypeMismatch,
                  "The argument to $each in $addToSet must be an array but it was of type " +
                      type_name(clauses.front()));
    }
    if (clauses.count() != 1) {
      throw Error(ErrorCode::kBadValue, "Found unexpected fields after $each in $addToSet");
    }
    values = bson::Value(clauses.front().value());
  }
  parser.add(argument.key(), std::make_unique<AddToSet>(std::move(values)));
}

void parse_pop(const bson::Element& argument, UpdateParser& parser) {
  const auto end = argument.whole_number();
  if (end != 1 && end != -1) {
    throw Error(ErrorCode::kFailedToParse, "$pop expects 1 or -1");
  }
  parser.add(argument.key(), std::make_unique<Pop>(end == -1));
}

void parse_pull(const bson::Element& argument, UpdateParser& parser) {
  std::optional<Matcher> condition;
  ParseContext without_expr = parser.context();
  without_expr.allow_expr = false;
  if (argument.is_document()) {
    condition =
        Matcher::parse(bson::doc("m", bson::doc("$elemMatch", argument.value())), without_expr);
  } else if (argument.type() == bson::Type::kRegex) {
    condition = Matcher::parse(
        bson::doc("m", bson::doc("$elemMatch", bson::doc("$in", bson::array(argument.value())))),
        without_expr);
  }
  parser.add(argument.key(),
             std::make_unique<Pull>(std::move(condition), bson::Value(argument.value())));
}

void parse_pull_all(const bson::Element& argument, UpdateParser& parser) {
  if (!argument.is_array()) {
    throw Error(ErrorCode::kBadValue,
                "$pullAll requires an array argument but was given a " + type_name(argument));
  }
  parser.add(argument.key(), std::make_unique<PullAll>(bson::Value(argument.value())));
}

}  // namespace quern::query
