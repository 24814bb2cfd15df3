// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $addToSet, $pop, $pull, $pullAll.
#include "quern/base/error.h"
#include "quern/bson/compare.h"
#include "query/match/match_parser.h"
#include "query/update/update_parser.h"
#include "query/value/value_set.h"
#include "query/value/values.h"

namespace quern::query {
namespace {

// The members of an array, each value once.
class OwnedSet {
 public:
  explicit OwnedSet(bson::Value array) : array_(std::move(array)) {
    for (const bson::Element& value : array_.view().as_array()) set_.insert(value.value());
  }
  OwnedSet(const OwnedSet&) = delete;
  OwnedSet& operator=(const OwnedSet&) = delete;
  const ValueSet& get() const { return set_; }

 private:
  bson::Value array_;
  ValueSet set_;
};

class AddToSet : public Modifier {
 public:
  explicit AddToSet(bson::Value values) : wanted_(std::move(values)) {}
  Effect apply(bson::ValueView old, std::string_view key, Writer& out, const UpdateContext&,
               const std::string& path) const override {
    if (!old.missing() && !old.is_array()) {
      throw Error(ErrorCode::kBadValue, "Cannot apply $addToSet to non-array field. Field named '" +
                                            path + "' has non-array type " + type_name(old));
    }
    const bson::View members = old.is_array() ? old.as_array() : bson::View();
    const ValueSet& wanted = wanted_.get();
    std::vector<bool> present(wanted.size());
    std::size_t lacking = wanted.size();
    for (const bson::Element& member : members) {
      if (lacking == 0) break;
      const auto at = wanted.find(member.value());
      if (!at || present[*at]) continue;
      present[*at] = true;
      --lacking;
    }
    if (lacking == 0 && !old.missing()) return Effect::kNone;
    out.open(key, bson::Type::kArray);
    for (const bson::Element& member : members) out.push(member.value());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (!present[i]) out.push(wanted.values()[i]);
    }
    out.close();
    return Effect::kSet;
  }

 private:
  OwnedSet wanted_;
};

// Operators that only take members away.
class Removal : public Modifier {
 public:
  bool creates(const UpdateContext&) const override { return false; }
  bool needs_path(const UpdateContext&) const override { return true; }

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
  enum class Wanted {
    kEqual,     // members equal to value
    kDocument,  // members that are documents; the condition is one of {m: [member]}
    kValue,     // the condition is one of {m: member}
  };
  Pull(Wanted wanted, std::optional<Matcher> condition, bson::Value value)
      : wanted_(wanted), condition_(std::move(condition)), value_(std::move(value)) {}
  Effect apply(bson::ValueView old, std::string_view key, Writer& out, const UpdateContext&,
               const std::string& path) const override {
    if (old.missing()) return Effect::kNone;
    if (!old.is_array()) {
      throw Error(ErrorCode::kBadValue, "Cannot apply $pull to a non-array value: '" + path + "'");
    }
    Writer wrapped;
    return write_kept(old.as_array(), key, out, [&](const bson::Element& member, std::size_t) {
      switch (wanted_) {
        case Wanted::kEqual:
          return bson::compare(member.value(), value_.view()) != 0;
        case Wanted::kDocument:
          if (!member.is_document()) return true;
          wrapped.clear();
          wrapped.open("m", bson::Type::kArray).push(member.value()).close();
          break;
        case Wanted::kValue:
          wrapped.clear();
          wrapped.append("m", member.value());
          break;
      }
      return !condition_->matches(wrapped.finish());
    });
  }

 private:
  Wanted wanted_;
  std::optional<Matcher> condition_;
  bson::Value value_;
};

class PullAll : public Removal {
 public:
  explicit PullAll(bson::Value values) : unwanted_(std::move(values)) {}
  Effect apply(bson::ValueView old, std::string_view key, Writer& out, const UpdateContext&,
               const std::string& path) const override {
    if (old.missing()) return Effect::kNone;
    if (!old.is_array()) {
      throw Error(ErrorCode::kBadValue, "Cannot apply $pull to a non-array value: '" + path + "'");
    }
    return write_kept(old.as_array(), key, out, [this](const bson::Element& member, std::size_t) {
      return !unwanted_.get().contains(member.value());
    });
  }

 private:
  OwnedSet unwanted_;
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
  Pull::Wanted wanted = Pull::Wanted::kEqual;
  ParseContext without_expr = parser.context();
  without_expr.allow_expr = false;
  if (argument.is_document() && !is_about_values(argument.as_document())) {
    wanted = Pull::Wanted::kDocument;
    condition =
        Matcher::parse(bson::doc("m", bson::doc("$elemMatch", argument.value())), without_expr);
  } else if (argument.is_document() || argument.type() == bson::Type::kRegex) {
    wanted = Pull::Wanted::kValue;
    condition = Matcher::parse(bson::doc("m", argument.value()), without_expr);
  }
  parser.add(argument.key(),
             std::make_unique<Pull>(wanted, std::move(condition), bson::Value(argument.value())));
}

void parse_pull_all(const bson::Element& argument, UpdateParser& parser) {
  if (!argument.is_array()) {
    throw Error(ErrorCode::kBadValue,
                "$pullAll requires an array argument but was given a " + type_name(argument));
  }
  parser.add(argument.key(), std::make_unique<PullAll>(bson::Value(argument.value())));
}

}  // namespace quern::query
